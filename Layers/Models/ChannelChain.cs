using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>A network whose layers hand on which channels they have: what its kinds share.</summary>
internal abstract class ChannelChain : Layer
{
    /// <summary>Makes the parts that all kinds have.</summary>
    /// <param name="options">The sizes.</param>
    protected ChannelChain(ChannelNetOptions options)
    {
        Options = options;
        Stem = Add("stem", ChannelNet.Stem(options));
    }

    protected ChannelNetOptions Options { get; }

    protected ConvBlock Stem { get; }

    public override Shape OutputShape(Shape input)
    {
        _ = Stem.OutputShape(input);
        return new Shape(input[0], Options.Classes);
    }

    /// <summary>
    /// Runs samples one by one, as the channels of each are its own: a sample is a convolution of fewer channels then, without gaps.
    /// </summary>
    protected Tensor OneByOne(Context context, Tensor input)
    {
        int samples = input.Shape[0];
        if (samples == 1)
        {
            return RunOne(context, input);
        }

        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor answers = context.Workspace.Rent(OutputShape(input.Shape));
        Selection outer = context.Samples;
        try
        {
            for (int n = 0; n < samples; n++)
            {
                using WorkspaceScope turn = context.Workspace.Enter();
                context.Samples = context.Workspace.Nest(outer, context.Workspace.Select(samples, [n]));
                RunOne(context, input.Rows(n, 1)).Span.CopyTo(answers.Rows(n, 1).Span);
            }
        }
        finally
        {
            context.Samples = outer;
        }

        return scope.Keep(answers);
    }

    /// <summary>Runs one sample with hard decisions.</summary>
    protected abstract Tensor RunOne(Context context, Tensor input);

    /// <summary>Whether channels may be left out: nothing is recorded then.</summary>
    protected static bool Skips(Context context) => context.Decisions == Engine.Execution.Decisions.Hard && context.Mode == Mode.Evaluate && context.Tape is null;
}
