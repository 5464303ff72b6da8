using System;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tool.Explanations;
using ManagedDyn.Tool.Output;

namespace ManagedDyn.Tool.Answers;

/// <summary>A JSON object in one line for each input, as soon as it is answered.</summary>
public sealed class AnswerJsonLines(Terminal terminal, Model model) : AnswerSink, IDisposable
{
    private readonly JsonDocumentWriter _json = new(indented: false);

    public override void Add(Answer answer)
    {
        _json.Begin();
        _json.Object().Text("input", answer.Input.Name);
        AnswerJson.WriteMembers(_json, model, answer);
        if (answer.Words is { } words)
        {
            _json.Array("words");
            foreach (WordUse word in words)
            {
                _json.Object().Text("word", word.Word).Flag("read", word.IsRead).Flag("beyond", word.IsBeyond).Whole("layers", word.Layers).EndObject();
            }

            _json.EndArray();
        }

        _json.EndObject();
        terminal.WriteLine(_json.Take());
    }

    public override void Pass() => terminal.Flush();

    public override void Finish() => terminal.Flush();

    public void Dispose() => _json.Dispose();
}
