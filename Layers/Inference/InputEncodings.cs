using System;
using System.Text.Json;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Layers.Models;

namespace ManagedDyn.Layers.Inference;

/// <summary>The encodings that model files can name. That of images stands in files under a name of its own, as it did before there were others.</summary>
internal static class InputEncodings
{
    private const string General = "encoding";
    private const string OfImages = "preprocessing";
    private const int LongestKind = 64;

    private static readonly (string Kind, Func<OptionsReader, InputEncoding> Read)[] Known =
    [
        (TextEncoding.KindName, TextEncoding.Read),
        (SignalEncoding.KindName, SignalEncoding.Read),
    ];

    public static void Write(Utf8JsonWriter json, InputEncoding? encoding)
    {
        if (encoding is null)
        {
            return;
        }

        json.WriteStartObject(encoding is Preprocessing ? OfImages : General);
        if (encoding is not Preprocessing)
        {
            json.WriteString("kind"u8, encoding.Kind);
        }

        encoding.Write(json);
        json.WriteEndObject();
    }

    public static InputEncoding? Read(OptionsReader document)
    {
        if (document.Has(OfImages))
        {
            OptionsReader images = document.Object(OfImages);
            Preprocessing preprocessing = Preprocessing.Read(images);
            images.Finish();
            return document.Has(General) ? throw new ModelFormatException("model file", -1, $"both {OfImages} and {General}", "one of them") : preprocessing;
        }

        if (!document.Has(General))
        {
            return null;
        }

        OptionsReader reader = document.Object(General);
        string kind = reader.Text("kind", LongestKind);
        foreach ((string name, Func<OptionsReader, InputEncoding> read) in Known)
        {
            if (name == kind)
            {
                InputEncoding encoding = read(reader);
                reader.Finish();
                return encoding;
            }
        }

        throw new ModelFormatException("model file", -1, $"an encoding of kind {FileText.Quote(kind)}", string.Join(" or ", Array.ConvertAll(Known, static entry => entry.Kind)));
    }
}
