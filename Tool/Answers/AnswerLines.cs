using System;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tool.Output;

namespace ManagedDyn.Tool.Answers;

/// <summary>One readable line for each input, as soon as it is answered.</summary>
public sealed class AnswerLines : AnswerSink
{
    private const int WidestLabel = 32;

    private readonly Terminal _terminal;
    private readonly Model _model;
    private readonly int _width;

    public AnswerLines(Terminal terminal, Model model)
    {
        _terminal = terminal;
        _model = model;
        _width = Answer.NoLabel.Length;
        for (int label = 0; label < model.ClassCount; label++)
        {
            _width = Math.Min(WidestLabel, Math.Max(_width, model.LabelName(label).Length));
        }
    }

    public override void Add(Answer answer)
    {
        Prediction prediction = answer.Prediction;
        string exit = _model.ExitCount > 1 ? $"  exit {prediction.ExitIndex + 1}/{_model.ExitCount}" : string.Empty;
        _terminal.WriteLine(SafeText.Clean(
            $"{answer.LabelOf(_model).PadRight(_width)}  {Quantity.Percent(prediction.Confidence),7}{exit}  {Quantity.Scaled(prediction.MacsExecuted),7} MACs  {answer.Input.Text ?? answer.Input.Name}"));
    }

    public override void Pass() => _terminal.Flush();

    public override void Finish() => _terminal.Flush();
}
