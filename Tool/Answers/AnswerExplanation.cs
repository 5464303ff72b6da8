using System.Globalization;
using System.Text;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tool.Explanations;
using ManagedDyn.Tool.Output;

namespace ManagedDyn.Tool.Answers;

/// <summary>Each answer with all decisions that led to it: exits with their confidence, then what each dynamic layer chose.</summary>
public sealed class AnswerExplanation(Terminal terminal, Model model) : AnswerSink
{
    public override void Add(Answer answer)
    {
        Prediction prediction = answer.Prediction;
        string macs = $"{Quantity.Scaled(prediction.MacsExecuted)} of {Quantity.Scaled(prediction.MacsDense)} MACs, {Quantity.Milliseconds(prediction.Duration.TotalMilliseconds)}";
        terminal.WriteLine(SafeText.Clean($"{answer.Input.Name}: {answer.LabelOf(model)}, {Quantity.Percent(prediction.Confidence)} sure, {macs}"));
        WriteWords(answer);
        if (answer.Steps is { } steps)
        {
            terminal.WriteLine("  " + steps.Text);
        }

        TextTable table = new("decision", "chosen", ">score", ">MACs", ">used");
        for (int exit = 0; exit < answer.ExitConfidences.Length && model.ExitCount > 1; exit++)
        {
            // An exit's cost is known beforehand for inputs of one size; of a sequence only what this one took.
            bool isLeft = exit == prediction.ExitIndex;
            bool isSequence = answer.Words is not null || answer.Steps is not null;
            (long cost, long whole) = isSequence ? (isLeft ? prediction.MacsExecuted : 0, prediction.MacsDense) : (model.ExitMacs(exit), model.FullMacs);
            table.Add(
                "exit " + (exit + 1).ToString(CultureInfo.InvariantCulture),
                isLeft ? "left" : "went on",
                Quantity.Percent(answer.ExitConfidences[exit]),
                cost > 0 ? Quantity.Scaled(cost) : string.Empty,
                cost > 0 ? Quantity.Percent((double)cost / whole, 0) : string.Empty);
        }

        foreach (DecisionLine line in answer.Decisions ?? [])
        {
            table.Add(
                line.Layer,
                line.Text,
                float.IsFinite(line.Score) ? line.Score.ToString("F3", CultureInfo.InvariantCulture) : string.Empty,
                line.DenseMacs > 0 ? Quantity.Scaled(line.Macs) : string.Empty,
                Quantity.Percent(line.Share, 0));
        }

        if (answer.Decisions is { Count: > 0 } decisions)
        {
            long rest = DecisionLines.Rest(decisions, prediction.MacsExecuted);
            table.Add("all else", DecisionLines.RestText(rest), string.Empty, Quantity.Signed(rest), string.Empty);
        }
        else if (model.ExitCount == 1)
        {
            terminal.WriteLine("  no layer of this network chooses by its input what to compute");
            terminal.WriteLine();
            return;
        }

        table.Write(terminal);
        terminal.WriteLine();
    }

    public override void Pass() => terminal.Flush();

    public override void Finish() => terminal.Flush();

    private void WriteWords(Answer answer)
    {
        if (answer.Words is not { } words)
        {
            return;
        }

        StringBuilder text = new("  ");
        (int read, int dropped, int beyond) = (0, 0, 0);
        foreach (WordUse word in words)
        {
            text.Append(word.Text).Append(' ');
            read += word.IsRead ? 1 : 0;
            dropped += word.IsRead && word.Layers < word.OfLayers ? 1 : 0;
            beyond += word.IsBeyond ? 1 : 0;
        }

        terminal.WriteLine(SafeText.Clean(text.ToString().TrimEnd()));
        string skimmed = read + beyond < words.Count ? ", (others) skimmed or passed over" : string.Empty;
        string left = dropped > 0 ? string.Create(CultureInfo.InvariantCulture, $", {dropped} of them dropped after the layer that stands behind the word") : string.Empty;
        string cut = beyond > 0 ? string.Create(CultureInfo.InvariantCulture, $"; the last {beyond} stand behind the {words.Count - beyond} that the network takes of a text") : string.Empty;
        terminal.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {read} of {words.Count} words read{left}{skimmed}{cut}"));
    }
}
