using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Seedance.Onnx.Media;

namespace Seedance.Onnx;

/// <summary>
/// Frames on their way from the windows that make them to their reader: those of two windows at most, the one that is read and the one that is made, as the memory plan counts them. A reader that is slow
/// stops no run that has begun. One writer, one reader.
/// </summary>
internal sealed class WindowChannel : IDisposable
{
    private const int WindowsAtOnce = 2;

    // Behind each window there is a null.
    private readonly Channel<VideoFrame?> _frames = Channel.CreateUnbounded<VideoFrame?>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private readonly SemaphoreSlim _room = new(WindowsAtOnce);

    /// <summary>Waits until the next window may be made.</summary>
    public Task WaitForRoomAsync(CancellationToken cancellationToken) => _room.WaitAsync(cancellationToken);

    /// <summary>Hands a frame on.</summary>
    public void Write(VideoFrame frame) => _ = _frames.Writer.TryWrite(frame);

    /// <summary>All frames of a window are written.</summary>
    public void EndWindow() => _ = _frames.Writer.TryWrite(null);

    /// <summary>No frame follows.</summary>
    public void Complete() => _ = _frames.Writer.TryComplete();

    /// <summary>The frames in order, until no frame follows.</summary>
    public async IAsyncEnumerable<VideoFrame> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (VideoFrame? frame in _frames.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (frame is not null)
            {
                yield return frame;
            }
            else
            {
                _ = _room.Release();
            }
        }
    }

    public void Dispose() => _room.Dispose();
}
