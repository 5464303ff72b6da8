using System;
using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions.Confidence;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Inference;

/// <summary>
/// A network ready to answer: frozen, its weights packed once, together with what running it needs. Immutable, so any number of threads may
/// share it, each with a <see cref="Session"/> of its own.
/// </summary>
public sealed class Model
{
    private readonly float[] _temperatures;
    private readonly string[] _labels;
    private readonly OperatingPoint[] _points;
    private readonly long[] _cumulativeMacs;
    private readonly string[] _layerNames;

    /// <summary>Freezes a network; it can be trained no more.</summary>
    /// <param name="network">The network.</param>
    /// <param name="description">What it carries; none: values in, class numbers out, maximum probability, no thresholds.</param>
    /// <param name="limits">May forbid large packed forms; none: <see cref="Limits.Default"/>.</param>
    /// <param name="architecture">What builds the network from a file; none: the catalogue's, if it has one.</param>
    /// <exception cref="ArgumentException">A weight is not finite, or the description does not fit the network; nothing has been frozen.</exception>
    public Model(StagedNetwork network, ModelDescription? description = null, Limits? limits = null, ModelArchitecture? architecture = null)
        : this(Checked(network, description ?? new ModelDescription(), architecture), description ?? new ModelDescription(), architecture ?? ModelCatalogue.FindFor(network))
    {
        network.AssignNumbers();
        network.Freeze(limits ?? Limits.Default);
    }

    private Model(StagedNetwork network, ModelDescription description, ModelArchitecture? architecture)
    {
        Network = network;
        Description = description;
        Architecture = architecture;
        _labels = [.. description.Labels];
        _points = [.. description.Points];
        _temperatures = new float[network.StageCount];
        for (int exit = 0; exit < _temperatures.Length; exit++)
        {
            _temperatures[exit] = description.Temperatures.Count == 0 ? 1f : description.Temperatures[exit];
        }

        _cumulativeMacs = new long[network.StageCount];
        for (int exit = 0; exit < _cumulativeMacs.Length; exit++)
        {
            _cumulativeMacs[exit] = network.CumulativeMacs(exit);
        }

        List<KeyValuePair<string, Module>> modules = network.NamedModules();
        _layerNames = new string[modules.Count + 1];
        _layerNames[0] = "(network)";
        for (int i = 0; i < modules.Count; i++)
        {
            _layerNames[i + 1] = i == 0 ? network.GetType().Name : modules[i].Key;
        }
    }

    /// <summary>What the model carries besides its network.</summary>
    public ModelDescription Description { get; }

    /// <summary>What builds the network from a model file; null: the model cannot be saved.</summary>
    public ModelArchitecture? Architecture { get; }

    /// <summary>The frozen network.</summary>
    public StagedNetwork Network { get; }

    /// <summary>The shape of one sample, without batch: [H, W, C] for an image.</summary>
    public Shape SampleShape => Network.SampleShape;

    /// <summary>What it answers with.</summary>
    public AnswerKind Answers => Network.Answers;

    /// <summary>The number of classes.</summary>
    public int ClassCount => Network.ClassCount;

    /// <summary>The number of exits, at least 1.</summary>
    public int ExitCount => _cumulativeMacs.Length;

    /// <summary>The MACs of one sample that runs the whole network.</summary>
    public long FullMacs => _cumulativeMacs[^1];

    /// <summary>How sure an exit is.</summary>
    public ConfidenceCriterion Criterion => Description.Criterion;

    /// <summary>How what a source holds becomes the network's input; null: only values that are ready are taken.</summary>
    public InputEncoding? Encoding => Description.Encoding;

    /// <summary>How bytes become the network's input; null: no bytes are taken.</summary>
    public Preprocessing? Preprocessing => Description.Preprocessing;

    /// <summary>What each exit's logits are divided by before the softmax.</summary>
    public ReadOnlySpan<float> Temperatures => _temperatures;

    /// <summary>The names of the classes; empty: they have numbers only.</summary>
    public ReadOnlySpan<string> Labels => _labels;

    /// <summary>Thresholds that were calibrated; the first is the one used when none is named.</summary>
    public ReadOnlySpan<OperatingPoint> Points => _points;

    /// <summary>The number of layers that compute reports tell apart, plus 1 for the network as a whole.</summary>
    internal int LayerCount => _layerNames.Length;

    /// <summary>The MACs of one sample that leaves at an exit.</summary>
    /// <param name="exit">From 0.</param>
    public long ExitMacs(int exit) => _cumulativeMacs[exit];

    /// <summary>The name of a class: its label, or its number.</summary>
    /// <param name="label">From 0 to <see cref="ClassCount"/>, exclusive.</param>
    public string LabelName(int label) => _labels.Length == 0 ? label.ToString(CultureInfo.InvariantCulture) : _labels[label];

    /// <summary>Finds an operating point.</summary>
    /// <param name="name">Its name; null: the first point.</param>
    /// <exception cref="ArgumentException">There is none of that name; the message lists those there are.</exception>
    public OperatingPoint FindPoint(string? name)
    {
        foreach (OperatingPoint point in _points)
        {
            if (name is null || string.Equals(point.Name, name, StringComparison.Ordinal))
            {
                return point;
            }
        }

        string[] names = Array.ConvertAll(_points, static point => point.Name);
        throw new ArgumentException(
            $"The model has no operating point{(name is null ? string.Empty : " " + FileText.Quote(name))}; it has {(names.Length == 0 ? "none, calibrate it first" : string.Join(", ", names))}.",
            nameof(name));
    }

    /// <summary>The same frozen network with another description, such as thresholds that were calibrated since.</summary>
    /// <param name="description">The description.</param>
    /// <exception cref="ArgumentException">It does not fit the network.</exception>
    public Model With(ModelDescription description)
    {
        ArgumentNullException.ThrowIfNull(description);
        ModelChecks.CheckDescription(Network, description);
        return new Model(Network, description, Architecture);
    }

    /// <summary>The dotted path of a layer, by the number under which compute reports and decisions name it; number 0 is the network as a whole.</summary>
    /// <param name="number">The number.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such layer.</exception>
    public string LayerName(int number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(number, LayerCount);
        return _layerNames[number];
    }

    private static StagedNetwork Checked(StagedNetwork network, ModelDescription description, ModelArchitecture? architecture)
    {
        ArgumentNullException.ThrowIfNull(network);
        if (architecture is not null && !architecture.Describes(network))
        {
            throw new ArgumentException($"The network is a {network.GetType().Name}, which the architecture \"{architecture.Name}\" does not describe.", nameof(architecture));
        }

        ModelChecks.CheckDescription(network, description);
        foreach ((string name, Parameter parameter) in network.NamedParameters())
        {
            ModelChecks.CheckFinite(name, parameter.Value);
        }

        return network;
    }
}
