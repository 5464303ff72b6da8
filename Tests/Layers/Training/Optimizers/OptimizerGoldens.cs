using System;
using System.Globalization;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Training.Optimizers;
using ManagedDyn.Tests.Goldens;

namespace ManagedDyn.Tests.Layers.Training.Optimizers;

/// <summary>Runs an optimizer over the gradients of a golden case and compares the parameter after each step.</summary>
public static class OptimizerGoldens
{
    public static void Run(GoldenCase golden)
    {
        Tensor start = golden.Input("param");
        Tensor gradients = golden.Input("grads");
        PlainModule module = new();
        Parameter parameter = module.AddParameter("weight", start.Shape);
        start.Span.CopyTo(parameter.Value.Span);
        Optimizer optimizer = Create(golden, module);
        using Workers workers = new(1);
        for (int step = 0; step < gradients.Shape[0]; step++)
        {
            PlainModule.SetGradient(parameter, gradients.Rows(step, 1).Span);
            optimizer.Step(workers, golden.Real("lr"));
            golden.Check("out.step" + (step + 1).ToString(CultureInfo.InvariantCulture), parameter.Value);
        }
    }

    private static Optimizer Create(GoldenCase golden, PlainModule module)
    {
        float decay = golden.Real("weight_decay", 0);
        return golden.Name switch
        {
            "sgd" or "sgd_momentum_wd" or "sgd_nesterov" => new Sgd(module, golden.Real("momentum", 0), decay, golden.Flag("nesterov", false)),
            "adam" or "adam_wd" => new AdamW(module, golden.Real("beta1"), golden.Real("beta2"), golden.Real("eps"), decay, isDecoupled: false),
            "adamw" => new AdamW(module, golden.Real("beta1"), golden.Real("beta2"), golden.Real("eps"), decay),
            "rmsprop" => new RmsProp(module, golden.Real("alpha"), golden.Real("eps"), decay),
            _ => throw new NotSupportedException($"{golden} is no known optimizer."),
        };
    }
}
