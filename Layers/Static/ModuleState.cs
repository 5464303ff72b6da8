using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Formats.Safetensors;

namespace ManagedDyn.Layers.Static;

/// <summary>
/// Writes the parameters of a module to a safetensors file and reads them, by dotted path and in PyTorch's canonical layouts, so that files
/// from elsewhere load through a <see cref="NameMap"/>.
/// </summary>
public static class ModuleState
{
    /// <summary>Adds all parameters, running statistics included.</summary>
    /// <param name="module">The module.</param>
    /// <param name="writer">The file to be.</param>
    /// <param name="prefix">What stands before each path, such as "model."; usually nothing.</param>
    public static void Save(Module module, SafetensorsWriter writer, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(writer);
        TensorBinding binding = new();
        binding.Add(prefix, module);
        binding.Write(writer);
    }

    /// <summary>Reads all parameters, running statistics included. When anything does not fit, nothing is changed.</summary>
    /// <param name="module">The module, not frozen.</param>
    /// <param name="file">The file.</param>
    /// <param name="map">Turns the file's names into the module's; none: they are the same.</param>
    /// <param name="prefix">What stands before each path in the file; tensors whose names start otherwise are not looked at.</param>
    /// <exception cref="StateMismatchException">Tensors are missing, unexpected, of a wrong shape or type, or not finite; all are listed.</exception>
    /// <exception cref="InvalidOperationException">The module is frozen.</exception>
    public static void Load(Module module, SafetensorsFile file, NameMap? map = null, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(file);
        if (module.IsFrozen)
        {
            throw new InvalidOperationException($"{module.GetType().Name} is frozen; load its parameters before it is frozen.");
        }

        TensorBinding binding = new();
        binding.Add(prefix, module);
        List<string> mismatches = [];
        binding.Check(file, prefix, map ?? new NameMap(), mismatches);
        if (mismatches.Count > 0)
        {
            throw new StateMismatchException(mismatches);
        }

        binding.Read(file);
    }
}
