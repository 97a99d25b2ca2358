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

    // How many in a row that cannot be written alone.
    private const int FaultOfTheStore = 2;

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

    /// <summary>Writes them; each hears of its own.</summary>
    private async Task WriteAsync(List<Arrival> together)
    {
        if (await TryWriteAsync(together).ConfigureAwait(false) is not { } error)
        {
            return;
        }

        // Nothing of it is written. One that cannot be takes no other along; where several in a row cannot be, the store is at fault, and the rest need not wait to hear of it.
        int inARow = 0;
        foreach (Arrival arrival in together)
        {
            Exception? own = together.Count == 1 || inARow == FaultOfTheStore ? error : await TryWriteAsync([arrival]).ConfigureAwait(false);
            inARow = own is null ? 0 : inARow == FaultOfTheStore ? inARow : inARow + 1;
            if (own is not null)
            {
                arrival.Added.SetException(own);
            }
        }
    }

    /// <summary>Writes them in one transaction.</summary>
    /// <returns>What went wrong, where nothing is written and nobody told; null where they are.</returns>
    private async Task<Exception?> TryWriteAsync(List<Arrival> together)
    {
        try
        {
            VideoJob?[] added = await store.AddAsync([.. together.Select(arrival => arrival.Job)], options.MaxQueued, CancellationToken.None).ConfigureAwait(false);
            foreach ((Arrival arrival, VideoJob? job) in together.Zip(added))
            {
                arrival.Added.SetResult(job);
            }

            return null;
        }
#pragma warning disable CA1031 // Whoever waits hears of it.
        catch (Exception error)
#pragma warning restore CA1031
        {
            return error;
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
