using System.Diagnostics;

namespace Seedance.Onnx.Stages;

/// <summary>A stage that is under way: measured for the report, the meter and the trace until it is disposed.</summary>
internal sealed class StageRun(StageClock clock, GenerationStage stage) : IDisposable
{
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly Activity? _activity = PipelineTelemetry.Source.StartActivity($"seedance.{stage.ToString().ToLowerInvariant()}");

    /// <summary>How often the stage's graph ran.</summary>
    public int Runs { get; set; }

    /// <summary>Time to be taken off, because something else happened meanwhile.</summary>
    public TimeSpan Apart { get; set; }

    public void Dispose()
    {
        TimeSpan elapsed = Stopwatch.GetElapsedTime(_began) - Apart;
        clock.Add(stage, elapsed, Runs);
        PipelineTelemetry.Record(stage, elapsed);
        _activity?.Dispose();
    }
}
