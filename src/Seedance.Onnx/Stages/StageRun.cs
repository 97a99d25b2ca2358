using System.Diagnostics;

namespace Seedance.Onnx.Stages;

/// <summary>A stage that is under way: measured for the report, the meter and the trace until it is disposed.</summary>
internal sealed class StageRun(StageClock clock, GenerationStage stage) : IDisposable
{
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly Activity? _activity = PipelineTelemetry.Source.StartActivity($"seedance.{stage.ToString().ToLowerInvariant()}");
    private int _runs;
    private int _skipped;
    private TimeSpan _inRuns, _elsewhere;

    /// <summary>Counts runs of the stage's graphs.</summary>
    /// <param name="runs">How many there were.</param>
    /// <param name="inRuns">The time that they took.</param>
    /// <param name="skipped">How many were not needed.</param>
    public void Count(int runs, TimeSpan inRuns, int skipped = 0)
    {
        _runs += runs;
        _inRuns += inRuns;
        _skipped += skipped;
    }

    /// <summary>Leaves out time that another stage took meanwhile.</summary>
    public void LeaveOut(TimeSpan elsewhere) => _elsewhere += elsewhere;

    public void Dispose()
    {
        TimeSpan elapsed = Stopwatch.GetElapsedTime(_began) - _elsewhere;
        clock.Add(new StageReport(stage, elapsed, _runs, _inRuns) { Skipped = _skipped });
        PipelineTelemetry.Record(stage, elapsed);
        _activity?.Dispose();
    }
}
