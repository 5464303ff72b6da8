using System;
using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a <see cref="LocalResNet"/>.</summary>
public sealed record LocalResNetOptions : ImageModelOptions
{
    private static readonly string[] Names = ["deform", "deform-v2", "deformable-kernel", "deformable-kernel-global", "involution", "pac", "drconv", "local-filter"];

    /// <summary>Channels of each group.</summary>
    public int[] Channels { get; init; } = [16, 32, 64];

    /// <summary>Basic blocks of each group; as many as there are groups.</summary>
    public int[] Blocks { get; init; } = [1, 1, 1];

    /// <summary>What stands in the place of a block's second convolution.</summary>
    public LocalOperation Operation { get; init; } = LocalOperation.ModulatedDeformable;

    /// <summary>The first group whose blocks have it; the blocks before are static.</summary>
    public int FirstGroup { get; init; } = 2;

    /// <summary>Rows and columns of the operation's kernel; odd.</summary>
    public int Kernel { get; init; } = 3;

    /// <inheritdoc/>
    public override void Validate()
    {
        new ResNetOptions { Height = Height, Width = Width, InputChannels = InputChannels, Classes = Classes, Channels = Channels, Blocks = Blocks }.Validate();
        if ((uint)Operation >= (uint)Names.Length)
        {
            throw new ArgumentException($"{nameof(Operation)} is {Operation}; expected a named one.");
        }

        if (FirstGroup < 0 || FirstGroup >= Channels.Length)
        {
            throw new ArgumentException($"{nameof(FirstGroup)} is {FirstGroup}; expected 0 to {Channels.Length - 1}.");
        }

        if (Kernel is < 1 or > 15 || Kernel % 2 == 0)
        {
            throw new ArgumentException($"{nameof(Kernel)} is {Kernel}; expected an odd number from 1 to 15.");
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    internal static LocalResNetOptions Read(OptionsReader reader)
    {
        string name = reader.Text("operation", 32);
        LocalResNetOptions options = ReadImage(reader, new LocalResNetOptions
        {
            Channels = reader.Integers("channels", 8, 1, 4096),
            Blocks = reader.Integers("blocks", 8, 1, 256),
            Operation = (LocalOperation)Array.IndexOf(Names, name),
            FirstGroup = reader.Integer("first_group", 0, 7),
            Kernel = reader.Integer("kernel", 1, 15),
        });
        reader.Finish();
        return options;
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("operation", Names[(int)Operation]);
        WriteImage(writer);
        OptionsWriter.Integers(writer, "channels", Channels);
        OptionsWriter.Integers(writer, "blocks", Blocks);
        writer.WriteNumber("first_group", FirstGroup);
        writer.WriteNumber("kernel", Kernel);
        writer.WriteEndObject();
    }
}
