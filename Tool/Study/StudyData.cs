using System;
using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Data;
using ManagedDyn.Tool.Verbs;

namespace ManagedDyn.Tool.Study;

/// <summary>The data sets of a study, each opened when a run first asks for it. Jobs may share it.</summary>
public sealed class StudyData(DatasetOptions options, Workers workers)
{
    private readonly Dictionary<string, DataSplits> _opened = new(StringComparer.Ordinal);

    /// <summary>How many samples are drawn of a built-in data set; empty: it is none, and has the samples that it has.</summary>
    public string SamplesOf(string source) => Datasets.IsBuiltIn(source) ? string.Create(CultureInfo.InvariantCulture, $"{options.BuiltInTrainingCount} + {options.BuiltInTestCount}") : string.Empty;

    /// <summary>A data set by its path or name.</summary>
    public DataSplits Open(string source)
    {
        lock (_opened)
        {
            if (!_opened.TryGetValue(source, out DataSplits? data))
            {
                // Scenes have a size and a test part of their own.
                DatasetOptions own = source is Datasets.Scenes or Datasets.NoisyScenes ? options with { Folds = 0, ImageSize = 0 } : options;
                data = DataOpening.Open(source, own, workers);
                _opened.Add(source, data);
            }

            return data;
        }
    }
}
