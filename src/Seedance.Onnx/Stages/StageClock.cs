using System.Diagnostics;

namespace Seedance.Onnx.Stages;

/// <summary>Adds up what the stages of one generation take. Safe for several threads: frames are written while others are made.</summary>
internal sealed class StageClock
{
    private readonly Lock _gate = new();
    private readonly List<StageReport> _reports = [];

    /// <summary>What each stage took so far, in the order in which a video goes through them.</summary>
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
    public void Add(GenerationStage stage, long since, int runs) => Add(new StageReport(stage, Stopwatch.GetElapsedTime(since), runs));

    /// <summary>Adds a time, and the runs in it, to a stage.</summary>
    public void Add(StageReport more)
    {
        lock (_gate)
        {
            int index = _reports.FindIndex(report => report.Stage == more.Stage);
            if (index < 0)
            {
                _reports.Add(more);
            }
            else
            {
                StageReport before = _reports[index];
                _reports[index] = new StageReport(more.Stage, before.Elapsed + more.Elapsed, before.Runs + more.Runs, before.InRuns + more.InRuns) { Skipped = before.Skipped + more.Skipped };
            }
        }
    }
}
