using System;
using System.Collections.Generic;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tool.CommandLine;
using ManagedDyn.Tool.Explanations;
using ManagedDyn.Tool.Inputs;
using ManagedDyn.Tool.Output;

namespace ManagedDyn.Tool.Answers;

/// <summary>
/// Asks a model of pictures about each frame of a film and computes only what the frame before did not already say: a line a frame, as text or as JSON, on request with
/// the share of pixels that each layer computed anew.
/// </summary>
internal sealed class FilmFrames(ToolContext tool, Model model, float threshold, SessionOptions options, bool isJson)
{
    private readonly DeltaSession _session = Begin(model, threshold, options);

    /// <summary>Answers for the frames of one film; those that cannot be read are left out.</summary>
    /// <param name="film">The film.</param>
    /// <param name="reader">Reads its frames.</param>
    public void Run(FrameFiles film, InputReader reader)
    {
        _session.Reset();
        (long executed, long dense) = (0, 0);
        int answered = 0;
        for (int frame = 0; frame < film.Count; frame++)
        {
            tool.Cancellation.ThrowIfCancellationRequested();
            if (reader.Frame(film, frame) is not { } bytes)
            {
                continue;
            }

            DeltaAnswer answer = _session.Next(bytes);
            answered++;
            executed += answer.MacsExecuted;
            dense += answer.MacsDense;
            if (isJson)
            {
                tool.Terminal.WriteLine(Json(film.NameOf(frame), answer));
            }
            else
            {
                Tell(film.NameOf(frame), answer);
            }

            tool.Terminal.Flush();
        }

        if (!isJson && answered > 0)
        {
            tool.Terminal.WriteLine(SafeText.Clean($"{film.Name}: {answered} frames, {Quantity.Percent((double)executed / dense)} of the multiply-adds of running each whole"));
        }
    }

    private static DeltaSession Begin(Model model, float threshold, SessionOptions options)
    {
        try
        {
            return new DeltaSession(model, threshold, options);
        }
        catch (ArgumentException e)
        {
            throw new ToolException($"--reuse cannot run this model: {ToolException.Reason(e)}", e);
        }
    }

    private void Tell(string name, DeltaAnswer answer)
    {
        string macs = $"{Quantity.Scaled(answer.MacsExecuted)} of {Quantity.Scaled(answer.MacsDense)} MACs, {Quantity.Milliseconds(answer.Duration.TotalMilliseconds)}";
        tool.Terminal.WriteLine(SafeText.Clean(
            $"{name}  {model.LabelName(answer.Label)}  {Quantity.Percent(answer.Confidence)}  {Quantity.Percent(answer.ChangedShare)} of the pixels changed, {Quantity.Percent(answer.ComputedShare)} computed anew, {macs}"));
        if (_session.Decisions is null)
        {
            return;
        }

        TextTable table = new("layer", "computed anew", ">MACs", ">of all");
        foreach (DecisionLine line in Lines())
        {
            table.Add(line.Layer, line.Text, Quantity.Scaled(line.Macs), Quantity.Percent(line.Share));
        }

        table.Write(tool.Terminal);
        tool.Terminal.WriteLine();
    }

    private string Json(string name, DeltaAnswer answer)
    {
        using JsonDocumentWriter json = new(indented: false);
        json.Object().Text("input", name).Text("label", model.LabelName(answer.Label)).Whole("class", answer.Label).Number("confidence", answer.Confidence)
            .Number("changed", answer.ChangedShare).Number("computed", answer.ComputedShare).Whole("macs", answer.MacsExecuted).Whole("dense_macs", answer.MacsDense)
            .Number("milliseconds", answer.Duration.TotalMilliseconds);
        if (_session.Decisions is not null)
        {
            json.Array("layers");
            foreach (DecisionLine line in Lines())
            {
                json.Object().Text("layer", line.Layer).Whole("pixels", line.Units).Whole("computed", line.Chosen.Count).Whole("macs", line.Macs).EndObject();
            }

            json.EndArray();
        }

        return json.EndObject().ToString();
    }

    private List<DecisionLine> Lines() => DecisionLines.Of(_session.Decisions!, model, 1)[0];
}
