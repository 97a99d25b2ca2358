using System.Diagnostics;

namespace Seedance.Onnx.Stages;

/// <summary>Adds up what the stages of one generation take.</summary>
internal sealed class StageClock
{
    private readonly List<StageReport> _reports = [];

    /// <summary>What each stage took so far, in the order in which they began.</summary>
    public IReadOnlyList<StageReport> Reports => [.. _reports];

    /// <summary>Adds the time since a moment, and the runs in it, to a stage.</summary>
    public void Add(GenerationStage stage, long since, int runs, TimeSpan inRuns = default)
    {
        TimeSpan elapsed = Stopwatch.GetElapsedTime(since);
        int index = _reports.FindIndex(report => report.Stage == stage);
        if (index < 0)
        {
            _reports.Add(new StageReport(stage, elapsed, runs, inRuns));
        }
        else
        {
            StageReport before = _reports[index];
            _reports[index] = new StageReport(stage, before.Elapsed + elapsed, before.Runs + runs, before.InRuns + inRuns);
        }
    }
}
