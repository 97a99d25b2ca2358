using System.Collections.Concurrent;

namespace Seedance.Onnx;

/// <summary>
/// Threads of a pipeline's own, on which its graphs are run, one piece of work after the other: the thread pool's stay free for those who wait, and what the allocator keeps for a thread
/// is kept once for all windows of all videos.
/// </summary>
internal sealed class WorkThreads : TaskScheduler, IDisposable
{
    private readonly BlockingCollection<Task> _work = [];
    private readonly Thread[] _threads;

    /// <summary>Starts them.</summary>
    /// <param name="count">How many pieces of work are done at once.</param>
    public WorkThreads(int count)
    {
        MaximumConcurrencyLevel = count;
        _threads = [.. Enumerable.Range(0, count).Select(_ => new Thread(Work) { IsBackground = true, Name = "Seedance.Onnx" })];
        Array.ForEach(_threads, thread => thread.Start());
    }

    public override int MaximumConcurrencyLevel { get; }

    /// <summary>Does work on one of them.</summary>
    /// <param name="work">What to do.</param>
    /// <param name="cancellationToken">Keeps work from beginning; what has begun must look for itself.</param>
    /// <returns>What the work returned or threw.</returns>
    public Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellationToken) => Task.Factory.StartNew(work, cancellationToken, TaskCreationOptions.DenyChildAttach, this);

    /// <inheritdoc cref="RunAsync{T}(Func{T}, CancellationToken)"/>
    /// <returns>Ends with the work.</returns>
    public Task RunAsync(Action work, CancellationToken cancellationToken) => Task.Factory.StartNew(work, cancellationToken, TaskCreationOptions.DenyChildAttach, this);

    /// <summary>Waits until all work is done; none may come after this.</summary>
    public void Dispose()
    {
        _work.CompleteAdding();
        Array.ForEach(_threads, thread => thread.Join());
        _work.Dispose();
    }

    protected override void QueueTask(Task task) => _work.Add(task);

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => _work;

    private void Work()
    {
        foreach (Task task in _work.GetConsumingEnumerable())
        {
            _ = TryExecuteTask(task);
        }
    }
}
