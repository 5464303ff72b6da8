using System;
using System.Globalization;

namespace ManagedDyn.Layers.Training;

/// <summary>A value became NaN or infinite. Nothing was written since; the last checkpoint is from before.</summary>
public sealed class TrainingDivergedException : Exception
{
    /// <summary>Makes the exception.</summary>
    public TrainingDivergedException()
        : this("Training met a value that is not finite.")
    {
    }

    /// <summary>Makes the exception with its message.</summary>
    /// <param name="message">What was found.</param>
    public TrainingDivergedException(string message)
        : base(message) => TensorName = string.Empty;

    /// <summary>Makes the exception with its message and cause.</summary>
    /// <param name="message">What was found.</param>
    /// <param name="innerException">The cause.</param>
    public TrainingDivergedException(string message, Exception innerException)
        : base(message, innerException) => TensorName = string.Empty;

    /// <summary>Makes the exception from what was found.</summary>
    /// <param name="step">The step, from 0.</param>
    /// <param name="tensorName">The tensor, such as "parameter fc.weight" or "logits of exit 1".</param>
    /// <param name="checkpoint">Where the last checkpoint is; null when there is none.</param>
    public TrainingDivergedException(long step, string tensorName, string? checkpoint)
        : base(string.Create(CultureInfo.InvariantCulture, $"Training stopped at step {step}: {tensorName} holds NaN or infinity; try a lower learning rate or a limit on the gradients' norm{(checkpoint is null ? string.Empty : $"; the last good checkpoint is {checkpoint}")}."))
    {
        Step = step;
        TensorName = tensorName;
    }

    /// <summary>The step, from 0.</summary>
    public long Step { get; }

    /// <summary>The first tensor found that is not finite, such as "parameter fc.weight" or "logits of exit 1".</summary>
    public string TensorName { get; }
}
