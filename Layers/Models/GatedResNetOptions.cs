using System;
using System.Text.Json;
using ManagedDyn.Engine.Formats;

namespace ManagedDyn.Layers.Models;

/// <summary>A residual network some of whose blocks a sample may skip.</summary>
public sealed record GatedResNetOptions : ModelOptions
{
    private static readonly string[] MethodNames = ["feed-forward", "recurrent", "pooled", "policy", "halting"];

    /// <summary>The static network, without intermediate classifiers.</summary>
    public ResNetOptions Backbone { get; init; } = new();

    /// <summary>How it decides.</summary>
    public SkippingMethod Method { get; init; } = SkippingMethod.Pooled;

    /// <summary>
    /// Width of the gates: hidden units of pooled gates, values of the recurrent one, channels of convolutional ones, channels of the policy network's first
    /// convolution; 0: as in the paper (16, 10, those of the features, and 8, as the papers' networks are far larger).
    /// </summary>
    public int GateWidth { get; init; }

    /// <summary>Convolutions of a feed-forward gate, 1 or 2.</summary>
    public int GateConvolutions { get; init; } = 1;

    /// <summary>The logit of running a block at the beginning of training.</summary>
    public float Openness { get; init; } = 2;

    /// <summary>The bias of halting scores at the beginning of training.</summary>
    public float HaltingStart { get; init; } = -3;

    /// <summary>ε: a sample halts when its scores reach 1 − ε.</summary>
    public float HaltingEpsilon { get; init; } = 0.01f;

    /// <inheritdoc/>
    public override void Validate()
    {
        Backbone.Validate();
        if (Backbone.HasIntermediateClassifiers)
        {
            throw new ArgumentException("A gated residual network has one classifier; its backbone asks for one after each group.");
        }

        if (GateWidth is < 0 or > 4096 || GateConvolutions is not (1 or 2))
        {
            throw new ArgumentException($"{nameof(GateWidth)} is {GateWidth} and {nameof(GateConvolutions)} {GateConvolutions}; expected 0 to 4096, and 1 or 2.");
        }

        if (!(MathF.Abs(Openness) <= 100 && MathF.Abs(HaltingStart) <= 100 && HaltingEpsilon is >= 0 and < 1))
        {
            throw new ArgumentException(FormattableString.Invariant($"{nameof(Openness)} is {Openness}, {nameof(HaltingStart)} {HaltingStart} and {nameof(HaltingEpsilon)} {HaltingEpsilon}; expected at most 100 either way, and 0 to 1, exclusive."));
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    internal static GatedResNetOptions Read(OptionsReader reader)
    {
        string method = reader.Text("method", 32);
        int index = Array.IndexOf(MethodNames, method);
        if (index < 0)
        {
            throw new ModelFormatException("method", -1, FileText.Quote(method), "one of " + string.Join(", ", MethodNames));
        }

        GatedResNetOptions options = new()
        {
            Backbone = ResNetOptions.Read(reader.Object("backbone")),
            Method = (SkippingMethod)index,
            GateWidth = reader.Integer("gate_width", 0, 4096),
            GateConvolutions = reader.Integer("gate_convolutions", 1, 2),
            Openness = (float)reader.Real("openness", -100, 100),
            HaltingStart = (float)reader.Real("halting_start", -100, 100),
            HaltingEpsilon = (float)reader.Real("halting_epsilon", 0, 0.999),
        };
        reader.Finish();
        return options;
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("method", MethodNames[(int)Method]);
        writer.WritePropertyName("backbone");
        Backbone.Write(writer);
        writer.WriteNumber("gate_width", GateWidth);
        writer.WriteNumber("gate_convolutions", GateConvolutions);
        writer.WriteNumber("openness", Openness);
        writer.WriteNumber("halting_start", HaltingStart);
        writer.WriteNumber("halting_epsilon", HaltingEpsilon);
        writer.WriteEndObject();
    }
}
