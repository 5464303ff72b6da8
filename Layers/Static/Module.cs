using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Static;

/// <summary>
/// A part of a network: it owns parameters and sub-modules, each under a name. Classes are abstract or sealed, nothing between.
/// </summary>
/// <remarks>
/// The dotted path of names is a parameter's name in a model file, as in "blocks.0.conv.weight". A module that runs gets a number by
/// <see cref="AssignNumbers"/>, under which the <see cref="ComputeMeter"/> counts its cost.
/// </remarks>
public abstract class Module
{
    private readonly List<Parameter> _parameters = [];
    private readonly List<KeyValuePair<string, Module>> _children = [];

    /// <summary>The module's own parameters, in the order in which they were added.</summary>
    public IReadOnlyList<Parameter> Parameters => _parameters;

    /// <summary>The sub-modules with their names, in the order in which they were added.</summary>
    public IReadOnlyList<KeyValuePair<string, Module>> Children => _children;

    /// <summary>The module's number in its network, from 1; 0 before <see cref="AssignNumbers"/>.</summary>
    public int Number { get; private set; }

    /// <summary>Whether <see cref="Freeze(Limits)"/> was called: parameters are final and packed for inference.</summary>
    public bool IsFrozen { get; private set; }

    /// <summary>Lists all parameters, this module's and below, with their dotted paths, in a fixed order.</summary>
    public List<KeyValuePair<string, Parameter>> NamedParameters()
    {
        List<KeyValuePair<string, Parameter>> list = [];
        foreach ((string path, Module module) in NamedModules())
        {
            foreach (Parameter parameter in module._parameters)
            {
                list.Add(new(path.Length == 0 ? parameter.Name : path + "." + parameter.Name, parameter));
            }
        }

        return list;
    }

    /// <summary>Lists all modules, this one first under the empty path, each before its children.</summary>
    public List<KeyValuePair<string, Module>> NamedModules()
    {
        List<KeyValuePair<string, Module>> list = [];
        Collect(string.Empty, this, list);
        return list;
    }

    /// <summary>Numbers this module and all below from 1, in the order of <see cref="NamedModules"/>. Call it once a network is built.</summary>
    public void AssignNumbers()
    {
        int number = 1;
        foreach ((_, Module module) in NamedModules())
        {
            module.Number = number++;
        }
    }

    /// <summary>The number of trained values, this module's and below.</summary>
    public long CountParameters()
    {
        long count = 0;
        foreach ((_, Parameter parameter) in NamedParameters())
        {
            count += parameter.IsState ? 0 : parameter.Shape.Count;
        }

        return count;
    }

    /// <summary>Sets all gradients to zero.</summary>
    public void ClearGradients()
    {
        foreach ((_, Parameter parameter) in NamedParameters())
        {
            parameter.ClearGradient();
        }
    }

    /// <summary>
    /// Makes the module ready to be run by many threads and never again trained: builds packed forms of weights, once. Parameters must not
    /// be written afterwards.
    /// </summary>
    /// <param name="limits">May forbid large packed forms.</param>
    public void Freeze(Limits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        Freeze(new PackedMemory(limits.PackedBytes));
    }

    private void Freeze(PackedMemory memory)
    {
        if (IsFrozen)
        {
            return;
        }

        IsFrozen = true;
        foreach (Parameter parameter in _parameters)
        {
            parameter.IsTrainable = false;
        }

        OnFreeze(memory);
        foreach ((_, Module child) in _children)
        {
            child.Freeze(memory);
        }
    }

    /// <summary>Sets all parameters to the values that training starts from, the same for the same seed.</summary>
    /// <param name="random">The random numbers; each module looks its own up by its path.</param>
    /// <exception cref="InvalidOperationException">The module is frozen.</exception>
    public void Initialize(RandomSource random)
    {
        ArgumentNullException.ThrowIfNull(random);
        if (IsFrozen)
        {
            throw new InvalidOperationException($"{GetType().Name} is frozen: its parameters are packed and may be in use by other threads.");
        }

        foreach ((string path, Module module) in NamedModules())
        {
            module.OnInitialize(random.Stream("initialize." + path));
        }
    }

    /// <summary>Sets this module's own parameters to the values that training starts from; they are zeros before.</summary>
    /// <param name="random">The module's own random numbers.</param>
    protected virtual void OnInitialize(RandomStream random)
    {
    }

    /// <summary>Builds this module's own packed forms.</summary>
    /// <param name="memory">What packed forms may take.</param>
    protected virtual void OnFreeze(PackedMemory memory)
    {
    }

    /// <summary>Adds a parameter.</summary>
    /// <param name="name">Its name within this module, without dots.</param>
    /// <param name="shape">The extents, in PyTorch's canonical layout.</param>
    /// <param name="isTrainable">False for state such as running statistics.</param>
    /// <param name="decays">Whether weight decay applies.</param>
    /// <param name="firstValue">What each value is until somebody sets it.</param>
    protected Parameter AddParameter(string name, Shape shape, bool isTrainable = true, bool decays = true, float firstValue = 0)
    {
        CheckName(name);
        Parameter parameter = new(name, shape, isTrainable, decays) { FirstValue = firstValue };
        _parameters.Add(parameter);
        return parameter;
    }

    /// <summary>Adds a sub-module.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="name">Its name within this module, without dots.</param>
    /// <param name="module">The sub-module.</param>
    /// <returns>The same sub-module.</returns>
    protected T Add<T>(string name, T module)
        where T : Module
    {
        CheckName(name);
        ArgumentNullException.ThrowIfNull(module);
        _children.Add(new(name, module));
        return module;
    }

    private static void Collect(string path, Module module, List<KeyValuePair<string, Module>> list)
    {
        list.Add(new(path, module));
        foreach ((string name, Module child) in module._children)
        {
            Collect(path.Length == 0 ? name : path + "." + name, child, list);
        }
    }

    private void CheckName(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name.Contains('.', StringComparison.Ordinal))
        {
            throw new ArgumentException($"The name \"{name}\" holds a dot; dots separate the names of a path.", nameof(name));
        }

        foreach (Parameter parameter in _parameters)
        {
            RefuseDuplicate(name, parameter.Name);
        }

        foreach ((string child, _) in _children)
        {
            RefuseDuplicate(name, child);
        }
    }

    private void RefuseDuplicate(string name, string existing)
    {
        if (string.Equals(name, existing, StringComparison.Ordinal))
        {
            throw new ArgumentException($"{GetType().Name} already has a part named \"{name}\".", nameof(name));
        }
    }
}
