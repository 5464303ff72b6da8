using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tool.Output;

namespace ManagedDyn.Tool.Answers;

/// <summary>Answers as lines of a table, and what they took on average.</summary>
public sealed class AnswerTable(Terminal terminal, Model model, string budget) : AnswerSink
{
    private readonly TextTable _table = new("input", "label", ">confidence", ">exit", ">MACs", ">of all", ">time");
    private long _count;
    private double _macs;

    public override void Add(Answer answer)
    {
        Prediction prediction = answer.Prediction;
        _count++;
        _macs += prediction.MacsExecuted;
        _table.Add(
            answer.Input.Name,
            Labels(answer),
            Quantity.Percent(prediction.Confidence),
            $"{prediction.ExitIndex + 1}/{model.ExitCount}",
            Quantity.Scaled(prediction.MacsExecuted),
            Quantity.Percent((double)prediction.MacsExecuted / prediction.MacsDense, 0),
            Quantity.Milliseconds(prediction.Duration.TotalMilliseconds));
        if (_count % Portion == 0)
        {
            _table.Write(terminal, string.Empty);
        }
    }

    public override void Finish()
    {
        _table.Write(terminal, string.Empty);
        if (_count > 1)
        {
            double mean = _macs / _count;
            terminal.WriteLine();
            terminal.WriteLine(SafeText.Clean(
                $"{Quantity.Count(_count)} inputs, {budget}: {Quantity.Scaled(mean)} MACs on average, {Quantity.Percent(mean / model.FullMacs)} of the whole network"));
        }
    }

    private string Labels(Answer answer)
    {
        if (answer.Best.Length == 1)
        {
            return answer.LabelOf(model);
        }

        List<string> names = [];
        foreach ((int label, float probability) in answer.Best)
        {
            names.Add(string.Create(CultureInfo.InvariantCulture, $"{model.LabelName(label)} {probability:F3}"));
        }

        return string.Join(", ", names);
    }
}
