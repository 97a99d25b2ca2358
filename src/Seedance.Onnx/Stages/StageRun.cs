using System.Diagnostics;

namespace Seedance.Onnx.Stages;

/// <summary>A stage that is under way: measured for the report, the meter and the trace until it is disposed.</summary>
internal sealed class StageRun(StageClock clock, GenerationStage stage) : IDisposable
{
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly Activity? _activity = PipelineTelemetry.Source.StartActivity($"seedance.{stage.ToString().ToLowerInvariant()}");
    private int _runs;
    private TimeSpan _inRuns;

    /// <summary>Counts runs of the stage's graphs.</summary>
    /// <param name="runs">How many there were.</param>
    /// <param name="inRuns">The time that they took.</param>
    public void Count(int runs, TimeSpan inRuns)
    {
        _runs += runs;
        _inRuns += inRuns;
    }

    public void Dispose()
    {
        TimeSpan elapsed = Stopwatch.GetElapsedTime(_began);
        clock.Add(new StageReport(stage, elapsed, _runs, _inRuns));
        PipelineTelemetry.Record(stage, elapsed);
        _activity?.Dispose();
    }
}
