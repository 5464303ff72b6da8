using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Tool.Verbs;

/// <summary>A layer of a model with its own parameters and the MACs that one sample takes in it.</summary>
public sealed record LayerSummary(string Name, string Kind, long Parameters, long Macs)
{
    /// <summary>The layers that have parameters or take MACs, in the network's order, measured by one run over the whole network.</summary>
    public static IReadOnlyList<LayerSummary> Collect(Model model)
    {
        ArgumentNullException.ThrowIfNull(model);
        ComputeReport report = ReportOf(model);
        Dictionary<string, long> macs = new(StringComparer.Ordinal);
        for (int layer = 0; layer < report.Layers; layer++)
        {
            macs[report.LayerName(layer)] = report.LayerMacsExecuted(layer);
        }

        List<LayerSummary> layers = [];
        foreach ((string path, Module module) in model.Network.NamedModules())
        {
            long parameters = 0;
            foreach (Parameter parameter in module.Parameters)
            {
                parameters += parameter.Value.Shape.Count;
            }

            string kind = module.GetType().Name;
            string name = path.Length == 0 ? kind : path;
            long own = macs.GetValueOrDefault(name);
            if (parameters > 0 || own > 0)
            {
                layers.Add(new LayerSummary(name, kind, parameters, own));
            }
        }

        return layers;
    }

    private static ComputeReport ReportOf(Model model)
    {
        SessionOptions options = new() { KeepReport = true };
        float[] zeros = new float[model.SampleShape.Count];
        if (model.Answers != AnswerKind.Label)
        {
            DenseSession dense = new(model, options);
            dense.Predict(zeros, model.SampleShape[0], model.SampleShape[1], Budget.Full, default);
            return dense.Report!;
        }

        Session session = new(model, options);
        session.Predict(zeros, [], Budget.Full);
        return session.Report!;
    }
}
