using Seedance.Onnx.Media;

namespace Seedance.Onnx.Stages;

/// <summary>Enlarges frames as they come, in one pass or several behind one another.</summary>
/// <param name="stage">Enlarges some frames of a window.</param>
/// <param name="scale">How many times larger one pass makes them.</param>
/// <param name="passes">How many passes there are.</param>
internal sealed class UpscaleChain(UpscaleStage stage, int scale, int passes)
{
    private readonly UpscaleWindow[] _windows = [.. Enumerable.Range(0, passes).Select(_ => new UpscaleWindow(stage, scale))];

    /// <summary>Enlarges them; counts its runs.</summary>
    public UpscaleStage Stage => stage;

    /// <summary>Takes the next frame.</summary>
    /// <returns>The frames that are through with all passes by that, in order.</returns>
    public IReadOnlyList<VideoFrame> Add(VideoFrame frame, CancellationToken cancellationToken) => Pass(0, [frame], cancellationToken);

    /// <summary>No frame follows.</summary>
    /// <returns>The frames that are left, in order.</returns>
    public IReadOnlyList<VideoFrame> End(CancellationToken cancellationToken)
    {
        List<VideoFrame> left = [];
        foreach ((int pass, UpscaleWindow window) in _windows.Index())
        {
            left.AddRange(Pass(pass + 1, window.End(cancellationToken), cancellationToken));
        }

        return left;
    }

    /// <summary>Frames through one pass and those behind it.</summary>
    private IReadOnlyList<VideoFrame> Pass(int pass, IReadOnlyList<VideoFrame> frames, CancellationToken cancellationToken) => pass == _windows.Length
        ? frames
        : [.. frames.SelectMany(frame => Pass(pass + 1, _windows[pass].Add(frame, cancellationToken), cancellationToken))];
}
