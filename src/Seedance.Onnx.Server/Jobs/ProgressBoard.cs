using System.Collections.Concurrent;

namespace Seedance.Onnx.Server.Jobs;

/// <summary>Where workers tell how far their jobs are, and whoever is asked looks. Kept in memory; the store learns of it with each beat, for those who ask elsewhere. Safe for several threads.</summary>
internal sealed class ProgressBoard
{
    private readonly ConcurrentDictionary<string, JobProgress> _running = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, CancellationTokenSource> _stops = new(StringComparer.Ordinal);

    /// <summary>How far a job is that runs here; null where it does not.</summary>
    public JobProgress? Find(string id) => _running.GetValueOrDefault(id);

    /// <summary>How far a job is, wherever it runs; null where it does not run.</summary>
    public JobProgress? Find(VideoJob job) => Find(job.Id) ?? job.Progress;

    /// <summary>Enters a job that begins.</summary>
    /// <returns>Cancelled when somebody calls <see cref="Stop"/>.</returns>
    public CancellationToken Begin(string id)
    {
        CancellationTokenSource stop = new();
        _stops[id] = stop;
        _running[id] = JobProgress.None;
        return stop.Token;
    }

    /// <summary>Notes how far it is.</summary>
    public void Change(string id, Func<JobProgress, JobProgress> change)
    {
        while (_running.TryGetValue(id, out JobProgress? before) && !_running.TryUpdate(id, change(before), before))
        {
            // The worker and its picture writer came at once: again, from what is there now.
        }
    }

    /// <summary>Stops a job that runs here, inside a step too.</summary>
    public void Stop(string id)
    {
        if (_stops.TryGetValue(id, out CancellationTokenSource? stop))
        {
            stop.Cancel();
        }
    }

    /// <summary>Takes a job off that has ended.</summary>
    public void End(string id)
    {
        _ = _running.TryRemove(id, out _);
        _ = _stops.TryRemove(id, out _);
    }
}
