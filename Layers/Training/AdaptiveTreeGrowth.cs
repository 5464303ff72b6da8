using System;
using System.Collections.Generic;
using System.Threading;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.InstanceWise.DynamicRouting;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;
using ManagedDyn.Layers.Training.Objectives;
using ManagedDyn.Layers.Training.Optimizers;
using ManagedDyn.Layers.Training.Schedules;

namespace ManagedDyn.Layers.Training;

/// <summary>
/// Grows an adaptive neural tree and trains it (Tanno et al., ICML 2019, section 3.2): leaf by leaf, the shallowest first, a split (a router and two solvers) and
/// a longer edge (one more transformer and its solver) are each trained with the rest of the tree held fast; the one with the lower loss in validation is
/// kept if it is lower than that of the tree as it is, else the leaf is done. At last the whole tree is trained.
/// </summary>
/// <remarks>Validation takes one path for each sample, as inference does. The grown network's options hold its shape, so it is saved and loaded as any other.</remarks>
public sealed class AdaptiveTreeGrowth
{
    private const float Momentum = 0.9f;

    private readonly AdaptiveTreeGrowthOptions _options;
    private readonly IBatchSource _training;
    private readonly IBatchSource _validation;
    private readonly Workers _workers;

    /// <summary>Makes a grower.</summary>
    /// <param name="training">The training data.</param>
    /// <param name="validation">The data that decides what is kept.</param>
    /// <param name="options">The rest.</param>
    /// <param name="workers">The threads; null: the calling one.</param>
    public AdaptiveTreeGrowth(IBatchSource training, IBatchSource validation, AdaptiveTreeGrowthOptions options, Workers? workers = null)
    {
        ArgumentNullException.ThrowIfNull(training);
        ArgumentNullException.ThrowIfNull(validation);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _training = training;
        _validation = validation;
        _options = options;
        _workers = workers ?? new Workers(1);
    }

    /// <summary>Grows a tree.</summary>
    /// <param name="start">The sizes, and the tree to begin with; usually one leaf.</param>
    /// <param name="progress">Is told the options of the tree and its validation loss after each step; null: nobody.</param>
    /// <param name="cancellation">Asks to stop.</param>
    /// <returns>The grown and trained network; its recipe is its <see cref="AdaptiveTreeOptions"/>.</returns>
    /// <exception cref="OperationCanceledException">It was asked to stop.</exception>
    public SingleStage Grow(AdaptiveTreeOptions start, Action<AdaptiveTreeOptions, double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(start);
        SingleStage tree = Create(start);
        Train(tree, _options.LocalEpochs, cancellation);
        double loss = ValidationLoss(tree);
        progress?.Invoke(start, loss);
        List<bool> open = [];
        for (int leaf = TreeNodeShape.Parse(start.Nodes).LeafCount; leaf > 0; leaf--)
        {
            open.Add(true);
        }

        for (int step = 0; step < _options.MostSteps; step++)
        {
            AdaptiveTreeOptions options = (AdaptiveTreeOptions)tree.Recipe!;
            TreeNodeShape shape = TreeNodeShape.Parse(options.Nodes);
            int leaf = ShallowestOpen(shape, open);
            if (leaf < 0)
            {
                break;
            }

            bool maySplit = shape.LeafCount < _options.MostLeaves && shape.NodeCount + 2 <= TreeNodeShape.MaximumNodes;
            (SingleStage Tree, double Loss)? split = maySplit ? Try(tree, options, shape.Split(leaf), shape, leaf, cancellation) : null;
            bool mayExtend = shape.TransformersOf(leaf) < TreeNodeShape.MaximumTransformers;
            (SingleStage Tree, double Loss)? extended = mayExtend ? Try(tree, options, shape.Extend(leaf), shape, leaf, cancellation) : null;
            double splitLoss = split?.Loss ?? double.PositiveInfinity;
            double extendedLoss = extended?.Loss ?? double.PositiveInfinity;
            if (splitLoss < loss && splitLoss <= extendedLoss)
            {
                (tree, loss) = split!.Value;
                open.Insert(leaf, true);
            }
            else if (extendedLoss < loss)
            {
                (tree, loss) = extended!.Value;
            }
            else
            {
                open[leaf] = false;
            }

            progress?.Invoke((AdaptiveTreeOptions)tree.Recipe!, loss);
        }

        SetTrainable(tree, static _ => true);
        if (_options.RefinementEpochs > 0)
        {
            Train(tree, _options.RefinementEpochs, cancellation);
            progress?.Invoke((AdaptiveTreeOptions)tree.Recipe!, ValidationLoss(tree));
        }

        return tree;
    }

    private static int ShallowestOpen(TreeNodeShape shape, List<bool> open)
    {
        int best = -1;
        for (int leaf = 0; leaf < open.Count; leaf++)
        {
            if (open[leaf] && (best < 0 || shape.PathOf(leaf).Length < shape.PathOf(best).Length))
            {
                best = leaf;
            }
        }

        return best;
    }

    private static void SetTrainable(SingleStage tree, Predicate<string> isTrained)
    {
        foreach ((string path, Parameter parameter) in tree.NamedParameters())
        {
            if (!parameter.IsState)
            {
                parameter.IsTrainable = isTrained(path);
            }
        }
    }

    private SingleStage Create(AdaptiveTreeOptions options)
    {
        SingleStage tree = AdaptiveTreeNet.Create(options);
        tree.Initialize(new RandomSource(_options.Seed));
        return tree;
    }

    // What the old tree has too is taken over and held fast; the solver of a leaf whose edge grew is taken over and trained on.
    private (SingleStage Tree, double Loss) Try(SingleStage old, AdaptiveTreeOptions options, TreeNodeShape changed, TreeNodeShape shape, int leaf, CancellationToken cancellation)
    {
        SingleStage tree = Create(options with { Nodes = changed.ToNodes() });
        Dictionary<string, Parameter> known = new(old.NamedParameters());
        HashSet<string> kept = [];
        string solver = "network.root" + shape.PathOf(leaf) + ".solver";
        foreach ((string path, Parameter parameter) in tree.NamedParameters())
        {
            if (known.TryGetValue(path, out Parameter? source) && source.Shape == parameter.Shape)
            {
                source.Value.Span.CopyTo(parameter.Value.Span);
                if (!path.StartsWith(solver, StringComparison.Ordinal))
                {
                    kept.Add(path);
                }
            }
        }

        SetTrainable(tree, path => !kept.Contains(path));
        Train(tree, _options.LocalEpochs, cancellation);
        return (tree, ValidationLoss(tree));
    }

    private void Train(SingleStage tree, int epochs, CancellationToken cancellation)
    {
        Trainer trainer = new(
            tree,
            new MultiExitObjective(),
            new Sgd(tree, Momentum, _options.Decay, isNesterov: true),
            new CosineSchedule(_options.Rate, (long)epochs * _training.BatchCount),
            _training,
            null,
            new TrainerOptions { Epochs = epochs, Seed = _options.Seed },
            _workers);
        if (trainer.Run(cancellation: cancellation).Status == TrainingStatus.Cancelled)
        {
            throw new OperationCanceledException(cancellation);
        }
    }

    private double ValidationLoss(SingleStage tree) => Validator.Measure(new Context(_workers), tree, _validation).Losses[^1];
}
