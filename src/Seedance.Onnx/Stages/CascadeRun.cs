using System.Diagnostics;
using Seedance.Onnx.Media;

namespace Seedance.Onnx.Stages;

/// <summary>Makes the frames of one window larger while they are decoded, and hands them on: the stage <see cref="GenerationStage.Upscale"/>.</summary>
/// <param name="run">The window that is made.</param>
/// <param name="frames">Frames of the whole video.</param>
/// <param name="stage">Counts the graph's runs.</param>
/// <param name="chain">Enlarges them; borrowed, for it goes on to the next window.</param>
/// <param name="take">Gets the large frames in order.</param>
internal sealed class CascadeRun(GenerationRun run, int frames, UpscaleStage stage, UpscaleChain chain, Action<VideoFrame> take) : IDisposable
{
    private readonly StageRun _stage = new(run.Clock, GenerationStage.Upscale);
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly int _runsBefore = stage.Runs;
    private readonly TimeSpan _inRunsBefore = stage.InRuns;

    /// <summary>The time that was spent here, and not where the frames come from.</summary>
    public TimeSpan Elapsed { get; private set; }

    /// <summary>Takes the next frame.</summary>
    public void Add(VideoFrame frame, CancellationToken cancellationToken) => Measure(() => chain.Add(frame, cancellationToken));

    /// <summary>No frame follows.</summary>
    public void End(CancellationToken cancellationToken) => Measure(() => chain.End(cancellationToken));

    public void Dispose()
    {
        _stage.Count(stage.Runs - _runsBefore, stage.InRuns - _inRunsBefore);
        _stage.LeaveOut(Stopwatch.GetElapsedTime(_began) - Elapsed);
        _stage.Dispose();
    }

    private void Measure(Func<IReadOnlyList<VideoFrame>> enlarge)
    {
        long began = Stopwatch.GetTimestamp();
        IReadOnlyList<VideoFrame> large = enlarge();
        Elapsed += Stopwatch.GetElapsedTime(began);
        foreach (VideoFrame frame in large)
        {
            run.Events.Progress?.Report(new GenerationProgress(GenerationStage.Upscale, frame.Index + 1, frames));
            take(frame);
        }
    }
}
