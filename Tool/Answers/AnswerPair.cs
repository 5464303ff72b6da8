namespace ManagedDyn.Tool.Answers;

/// <summary>Passes answers on to two others.</summary>
public sealed class AnswerPair(AnswerSink first, AnswerSink second) : AnswerSink
{
    public override void Add(Answer answer)
    {
        first.Add(answer);
        second.Add(answer);
    }

    public override void Pass()
    {
        first.Pass();
        second.Pass();
    }

    public override void Finish()
    {
        first.Finish();
        second.Finish();
    }
}
