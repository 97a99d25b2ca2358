using System.Diagnostics;

namespace Seedance.Onnx.Measurement;

/// <summary>The time of each step of one generation, from what it tells after each. The begin of a window's first step is not told, so that it is left out.</summary>
internal sealed class StepTimes : IProgress<GenerationProgress>
{
    private long _last;
    private int _window;

    public List<TimeSpan> Steps { get; } = [];

    public void Report(GenerationProgress value)
    {
        if (value.Stage != GenerationStage.Denoise)
        {
            return;
        }

        if (_last != 0 && value.Window == _window)
        {
            Steps.Add(Stopwatch.GetElapsedTime(_last));
        }

        (_last, _window) = (Stopwatch.GetTimestamp(), value.Window);
    }
}
