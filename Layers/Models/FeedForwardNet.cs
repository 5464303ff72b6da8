using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.InstanceWise.DynamicWidth;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// Fully connected layers with rectifiers and a classifier, whose neurons are all computed or chosen for each input in one of the ways of
/// <see cref="FeedForwardMethod"/>.
/// </summary>
public static class FeedForwardNet
{
    // Gates decide without noise at inference: the network is to get used to it.
    private const float GateNoiseUntil = 0.3f;

    /// <summary>Builds a network.</summary>
    /// <param name="options">The sizes.</param>
    /// <exception cref="ArgumentException">They make no network.</exception>
    public static SingleStage Create(FeedForwardOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return new SingleStage(new Shape(options.Height, options.Width, options.InputChannels), new Network(options)) { Recipe = options };
    }

    private sealed class Network : Layer
    {
        private readonly Layer[] _layers;
        private readonly Linear _head;

        public Network(FeedForwardOptions options)
        {
            _layers = new Layer[options.Hidden.Length];
            int inputs = options.Height * options.Width * options.InputChannels;
            for (int i = 0; i < _layers.Length; i++)
            {
                int neurons = options.Hidden[i];
                Layer layer = options.Method switch
                {
                    FeedForwardMethod.Blocks => new BlockGatedLinear(inputs, neurons, options.BlockSize, (float)options.Target, Relaxation(options.Training)),
                    FeedForwardMethod.Signs => new SignEstimatedLinear(inputs, neurons, options.Rank, options.BlockSize),
                    _ => new Sequential(new Linear(inputs, neurons), new Activate(ActivationFunction.Relu)),
                };
                _layers[i] = Add("layer" + i.ToString(CultureInfo.InvariantCulture), layer);
                inputs = neurons;
            }

            _head = Add("head", new Linear(inputs, options.Classes));
        }

        public override Shape OutputShape(Shape input)
        {
            Shape shape = Flat(input);
            foreach (Layer layer in _layers)
            {
                shape = layer.OutputShape(shape);
            }

            return _head.OutputShape(shape);
        }

        public override long CountMacs(Shape input)
        {
            Shape shape = Flat(input);
            long macs = 0;
            foreach (Layer layer in _layers)
            {
                macs += layer.CountMacs(shape);
                shape = layer.OutputShape(shape);
            }

            return macs + _head.CountMacs(shape);
        }

        protected override Tensor Run(Context context, Tensor input)
        {
            using WorkspaceScope scope = context.Workspace.Enter();
            Tensor current = context.Flatten(input);
            Selection running = default;
            bool isHard = context.Decisions == Engine.Execution.Decisions.Hard && context.Tape is null;
            foreach (Layer layer in _layers)
            {
                // Neurons that did not run are 0 and need not be read.
                current = isHard && layer is BlockGatedLinear blocks
                    ? blocks.Forward(context, current, running, out running)
                    : layer.Forward(context, current);
            }

            return scope.Keep(_head.Forward(context, current));
        }

        private static BinaryRelaxation Relaxation(GateTraining training) =>
            training == GateTraining.PolicyGradient ? new BernoulliActionRelaxation(1, GateNoiseUntil) : new GumbelSigmoidRelaxation(noiseUntil: GateNoiseUntil);

        private static Shape Flat(Shape input) => new(input[0], input.ProductFrom(1));
    }
}
