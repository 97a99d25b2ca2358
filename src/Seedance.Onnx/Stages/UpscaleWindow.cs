using Seedance.Onnx.Latents;
using Seedance.Onnx.Media;

namespace Seedance.Onnx.Stages;

/// <summary>Enlarges frames as they come, in chunks, each with its neighbours; memory does not grow with their number.</summary>
/// <param name="stage">Enlarges some frames of a window.</param>
/// <param name="scale">How many times larger it makes them.</param>
internal sealed class UpscaleWindow(UpscaleStage stage, int scale)
{
    /// <summary>Frames that are enlarged at once.</summary>
    public const int Chunk = 16;

    private readonly List<VideoFrame> _window = [];
    private int _done; // frames of the window that are enlarged already
    private int _made;

    /// <summary>Takes the next frame.</summary>
    /// <returns>The frames that could be enlarged by that, in order; mostly none.</returns>
    public IReadOnlyList<VideoFrame> Add(VideoFrame frame, CancellationToken cancellationToken)
    {
        _window.Add(frame);
        if (_window.Count - _done < Chunk + UpscaleStage.Neighbours)
        {
            return [];
        }

        VideoFrame[] large = Enlarge(Chunk, cancellationToken);
        _done += Chunk;
        int passed = Math.Max(_done - UpscaleStage.Neighbours, 0);
        _window.RemoveRange(0, passed);
        _done -= passed;
        return large;
    }

    /// <summary>No frame follows.</summary>
    /// <returns>The frames that are left, in order.</returns>
    public IReadOnlyList<VideoFrame> End(CancellationToken cancellationToken) => _window.Count > _done ? Enlarge(_window.Count - _done, cancellationToken) : [];

    private VideoFrame[] Enlarge(int count, CancellationToken cancellationToken)
    {
        VideoSize size = new(_window[0].Size.Width * scale, _window[0].Size.Height * scale);
        byte[][] pixels = stage.Run(_window, _done, count, scale, cancellationToken);
        return [.. pixels.Select((own, index) => new VideoFrame(size, own, _made++, _window[_done + index].Timestamp))];
    }
}
