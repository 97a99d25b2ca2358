namespace Seedance.Onnx.Server.Jobs;

/// <summary>
/// Jobs on their way to the store. Those that come while it writes wait together and are written together: the disk is waited for once then, and not once for each. Nobody waits for
/// company: a job that comes alone is written at once.
/// </summary>
/// <remarks>Safe for several threads.</remarks>
internal sealed class JobArrivals(JobStore store, ServerOptions options)
{
    // So that those who change a job's state wait no longer than for this many.
    private const int MostTogether = 64;

    private readonly Queue<Arrival> _waiting = new();
    private bool _writes;

    /// <summary>Takes a job in; see <see cref="JobStore.AddAsync(VideoJob, int, CancellationToken)"/>.</summary>
    public Task<VideoJob?> AddAsync(VideoJob job)
    {
        Arrival arrival = new(job, new TaskCompletionSource<VideoJob?>(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (_waiting)
        {
            _waiting.Enqueue(arrival);
            if (!_writes)
            {
                _writes = true;
                _ = Task.Run(WriteAsync); // by nobody's own request, which must not wait for those after it
            }
        }

        return arrival.Added.Task;
    }

    private async Task WriteAsync()
    {
        while (Take() is { Count: > 0 } together)
        {
            await WriteAsync(together).ConfigureAwait(false);
        }
    }

    private async Task WriteAsync(List<Arrival> together)
    {
        try
        {
            VideoJob?[] added = await store.AddAsync([.. together.Select(arrival => arrival.Job)], options.MaxQueued, CancellationToken.None).ConfigureAwait(false);
            foreach ((Arrival arrival, VideoJob? job) in together.Zip(added))
            {
                arrival.Added.SetResult(job);
            }
        }
#pragma warning disable CA1031 // Whoever waits hears of it.
        catch (Exception error)
#pragma warning restore CA1031
        {
            if (together is [var alone])
            {
                alone.Added.SetException(error);
                return;
            }

            // Nothing of it is written. One that cannot be takes no other along.
            foreach (Arrival arrival in together)
            {
                await WriteAsync([arrival]).ConfigureAwait(false);
            }
        }
    }

    private List<Arrival> Take()
    {
        List<Arrival> together = [];
        lock (_waiting)
        {
            while (together.Count < MostTogether && _waiting.TryDequeue(out Arrival? next))
            {
                together.Add(next);
            }

            _writes = together.Count > 0;
        }

        return together;
    }

    private sealed record Arrival(VideoJob Job, TaskCompletionSource<VideoJob?> Added);
}
