namespace ManagedDyn.Tool.Answers;

/// <summary>Takes answers as they come, in the order of the inputs, and passes them on in portions.</summary>
public abstract class AnswerSink
{
    /// <summary>Answers are passed on when so many are ready.</summary>
    protected const int Portion = 256;

    public abstract void Add(Answer answer);

    /// <summary>The next input may be long in coming: what is answered may be passed on.</summary>
    public virtual void Pass()
    {
    }

    /// <summary>All inputs have been answered.</summary>
    public abstract void Finish();
}
