namespace ManagedDyn.Layers.Training.Schedules;

/// <summary>The learning rate of each step: a pure function of the step, so that training resumes exactly.</summary>
public abstract class Schedule
{
    /// <summary>The schedule with its settings, as in "cosine(rate=0.1, steps=4000, floor=0)"; training is resumed only with the same.</summary>
    public abstract string Description { get; }

    /// <summary>The learning rate.</summary>
    /// <param name="step">The step, from 0.</param>
    public abstract float Rate(long step);
}
