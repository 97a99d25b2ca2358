using System.Threading.Channels;

namespace Seedance.Onnx.Server.Jobs;

/// <summary>Wakes a worker when a job came. A signal that is lost costs a moment: workers look by themselves too.</summary>
internal sealed class JobSignal
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);
    private readonly Channel<bool> _arrivals = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Raise() => _ = _arrivals.Writer.TryWrite(true);

    /// <summary>Waits for a job, or for a second.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        try
        {
            _ = await _arrivals.Reader.WaitToReadAsync(cancellationToken).AsTask().WaitAsync(Longest, cancellationToken).ConfigureAwait(false);
            _ = _arrivals.Reader.TryRead(out _);
        }
        catch (TimeoutException)
        {
            // Time to look.
        }
    }
}
