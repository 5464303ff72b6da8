using System;
using BenchmarkDotNet.Running;
using ManagedDyn.Bench.Calibrate;
using ManagedDyn.Bench.Compare;

if (args.Length > 0 && args[0] == "compare")
{
    return CompareCommand.Run(args.AsSpan(1));
}

if (args.Length > 0 && args[0] == "calibrate")
{
    return CalibrateCommand.Run(args.AsSpan(1));
}

BenchmarkSwitcher.FromAssembly(typeof(CompareCommand).Assembly).Run(args);
return 0;
