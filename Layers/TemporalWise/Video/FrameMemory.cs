using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.TemporalWise.Video;

/// <summary>
/// The global memory of AdaFrame (Wu et al., CVPR 2019, section 3.1): every frame seen small and cheaply, m_j = f(small frame j) + p_j with one learned p for each
/// place. A state h asks it what is there, u = Σ_j α_j·m_j with α = softmax_j((A·h)·m_j/√M), and where to look, l_j = (S·h)·m_j/√M.
/// </summary>
/// <remarks>
/// Deviations: places are learned, not sinusoids; the next place is one of the frames, chosen by what the memory holds of them, where the paper draws a continuous
/// place around σ(W·h) with a fixed deviation.
/// </remarks>
public sealed class FrameMemory : Module
{
    private readonly Layer _encoder;
    private readonly Parameter _places;
    private readonly Linear _attention;
    private readonly Linear _selection;
    private readonly int _frames;
    private readonly int _height;
    private readonly int _width;

    /// <summary>Makes a memory.</summary>
    /// <param name="encoder">f: a small frame, [n, height, width, C], to [n, M].</param>
    /// <param name="frames">Frames of a video.</param>
    /// <param name="height">Rows of a small frame.</param>
    /// <param name="width">Columns of a small frame.</param>
    /// <param name="features">M.</param>
    /// <param name="hidden">Values of h.</param>
    public FrameMemory(Layer encoder, int frames, int height, int width, int features, int hidden)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(frames, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        _encoder = Add("encoder", encoder);
        _places = AddParameter("places", new Shape(frames, features), decays: false);
        _attention = Add("attention", new Linear(hidden, features, bias: false));
        _selection = Add("selection", new Linear(hidden, features, bias: false));
        _frames = frames;
        _height = height;
        _width = width;
    }

    /// <summary>M.</summary>
    public int Features => _places.Shape[1];

    /// <summary>MACs of u for one video.</summary>
    public long AttendMacs => _attention.Weight.Shape.Count + (2L * _frames * Features);

    /// <summary>MACs of l for one video.</summary>
    public long SelectMacs => _selection.Weight.Shape.Count + ((long)_frames * Features);

    /// <summary>MACs of seeing all frames small, for one video.</summary>
    /// <param name="channels">Channels of a frame.</param>
    public long RememberMacs(int channels) => _encoder.CountMacs(new Shape(_frames, _height, _width, channels));

    /// <summary>Sees all frames small.</summary>
    /// <param name="context">The context.</param>
    /// <param name="video">[N, T, H, W, C].</param>
    /// <returns>m, [N, T, M].</returns>
    public Tensor Remember(Context context, Tensor video)
    {
        ArgumentNullException.ThrowIfNull(context);
        using MeterTurn turn = new(context, this);
        using WorkspaceScope scope = context.Workspace.Enter();
        Shape shape = video.Shape;
        if (shape.Rank != 5 || shape[1] != _frames)
        {
            throw new ArgumentException($"The video has shape {shape}; expected [N, {_frames}, height, width, channels].", nameof(video));
        }

        Tensor small = context.AdaptiveAveragePool2d(video.Reshape(FrameRows.Frame(shape, shape[0] * _frames)), _height, _width);
        Tensor features = FrameRows.Run(context, _encoder, small, Selection.All(shape[0], _frames), _frames);
        return scope.Keep(context.Add(features.Reshape(new Shape(shape[0], _frames, Features)), _places.Value.Reshape(new Shape(1, _frames, Features))));
    }

    /// <summary>Asks what is there.</summary>
    /// <param name="context">The context.</param>
    /// <param name="memory">m, [N, T, M].</param>
    /// <param name="hidden">h, [N, hidden].</param>
    /// <returns>u, [N, M].</returns>
    public Tensor Attend(Context context, Tensor memory, Tensor hidden)
    {
        ArgumentNullException.ThrowIfNull(context);
        using MeterTurn turn = new(context, this);
        using WorkspaceScope scope = context.Workspace.Enter();
        int samples = memory.Shape[0];
        Tensor weights = context.Softmax(Scores(context, memory, _attention.Forward(context, hidden)));
        context.Count(samples, (long)_frames * Features, (long)_frames * Features);
        return scope.Keep(context.Sum(context.Multiply(memory, weights.Reshape(new Shape(samples, _frames, 1))), 1));
    }

    /// <summary>Asks where to look.</summary>
    /// <param name="context">The context.</param>
    /// <param name="memory">m, [N, T, M].</param>
    /// <param name="hidden">h, [N, hidden].</param>
    /// <returns>l, [N, T].</returns>
    public Tensor Select(Context context, Tensor memory, Tensor hidden)
    {
        ArgumentNullException.ThrowIfNull(context);
        using MeterTurn turn = new(context, this);
        using WorkspaceScope scope = context.Workspace.Enter();
        return scope.Keep(Scores(context, memory, _selection.Forward(context, hidden)));
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random) => Initializers.UniformFanIn(_places, random, Features);

    private Tensor Scores(Context context, Tensor memory, Tensor query)
    {
        int samples = memory.Shape[0];
        context.Count(samples, (long)_frames * Features, (long)_frames * Features);
        Tensor products = context.Multiply(memory, query.Reshape(new Shape(samples, 1, Features)));
        return context.Scale(context.Sum(products, 2), 1 / MathF.Sqrt(Features));
    }
}
