using System;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tool.Explanations;
using ManagedDyn.Tool.Output;

namespace ManagedDyn.Tool.Answers;

/// <summary>Answers as one JSON document. It is closed only when all inputs have been answered, so a failure on the way cannot look whole.</summary>
public sealed class AnswerJson : AnswerSink, IDisposable
{
    private readonly JsonDocumentWriter _json = new();
    private readonly Terminal _terminal;
    private readonly Model _model;
    private long _count;

    public AnswerJson(Terminal terminal, Model model, string budget)
    {
        _terminal = terminal;
        _model = model;
        _json.Object().Text("budget", budget).Whole("macs_dense", model.FullMacs).Whole("exits", model.ExitCount).Array("answers");
    }

    public override void Add(Answer answer)
    {
        _json.Object().Text("input", answer.Input.Name);
        WriteMembers(_json, _model, answer);
        _json.EndObject();
        if (++_count % Portion == 0)
        {
            _terminal.Out.Write(_json.Take());
        }
    }

    /// <summary>Writes all members of an answer but the name of its input.</summary>
    internal static void WriteMembers(JsonDocumentWriter json, Model model, Answer answer)
    {
        Prediction prediction = answer.Prediction;
        json.Text("label", model.LabelName(prediction.Label)).Whole("class", prediction.Label)
            .Number("confidence", prediction.Confidence).Whole("exit", prediction.ExitIndex + 1).Whole("macs", prediction.MacsExecuted)
            .Number("milliseconds", prediction.Duration.TotalMilliseconds);
        if (answer.IsRejected)
        {
            json.Flag("rejected", true);
        }

        json.Numbers("exit_confidences", Array.ConvertAll(answer.ExitConfidences, static value => (double)value)).Array("top");
        foreach ((int label, float probability) in answer.Best)
        {
            json.Object().Text("label", model.LabelName(label)).Number("probability", probability).EndObject();
        }

        json.EndArray();
        if (answer.Steps is { } steps)
        {
            json.Object("steps").Whole("count", steps.IsRead.Length).Whole("read", steps.Count).Number("step_seconds", steps.StepSeconds).Numbers("which", steps.Numbers).EndObject();
        }

        if (answer.Decisions is { } decisions)
        {
            DecisionJson.Write(json, decisions);
            json.Whole("macs_all_else", DecisionLines.Rest(decisions, prediction.MacsExecuted));
        }
    }

    public override void Finish()
    {
        _json.EndArray().EndObject();
        _terminal.WriteLine(_json.Take());
    }

    public void Dispose() => _json.Dispose();
}
