using System.Diagnostics;

namespace Seedance.Onnx.Stages;

/// <summary>Adds up what the stages of one generation take. Safe for several threads: frames are written while others are made.</summary>
internal sealed class StageClock
{
    private readonly Lock _gate = new();
    private readonly List<StageReport> _reports = [];

    /// <summary>What each stage took so far, in the order in which they began.</summary>
    public IReadOnlyList<StageReport> Reports
    {
        get
        {
            lock (_gate)
            {
                return [.. _reports.OrderBy(report => report.Stage)];
            }
        }
    }

    /// <summary>Adds the time since a moment, and runs, to a stage.</summary>
    public void Add(GenerationStage stage, long since, int runs) => Add(stage, Stopwatch.GetElapsedTime(since), runs);

    /// <summary>Adds a time and runs to a stage.</summary>
    public void Add(GenerationStage stage, TimeSpan elapsed, int runs)
    {
        lock (_gate)
        {
            AddLocked(stage, elapsed, runs);
        }
    }

    private void AddLocked(GenerationStage stage, TimeSpan elapsed, int runs)
    {
        int index = _reports.FindIndex(report => report.Stage == stage);
        if (index < 0)
        {
            _reports.Add(new StageReport(stage, elapsed, runs));
        }
        else
        {
            _reports[index] = new StageReport(stage, _reports[index].Elapsed + elapsed, _reports[index].Runs + runs);
        }
    }
}
