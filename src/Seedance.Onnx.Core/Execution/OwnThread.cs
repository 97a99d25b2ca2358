namespace Seedance.Onnx.Execution;

/// <summary>
/// Runs work that keeps its thread for long, because it computes or waits for a pipe, on a thread of its own. The thread pool has as many threads as there are processors and adds one
/// only twice a second: on two processors, one that waits for FFmpeg would halve what a server in the same process answers.
/// </summary>
/// <remarks>A thread costs about a tenth of a millisecond, and the C library's allocator keeps memory for each that has asked it for some: this is for work that takes longer, and asks for little.</remarks>
public static class OwnThread
{
    /// <summary>Runs work.</summary>
    /// <param name="work">What to do; blocking is what it is for.</param>
    /// <param name="cancellationToken">Keeps work from beginning; what has begun must look for itself.</param>
    /// <returns>What the work returned or threw.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled before the work began, or the work threw this.</exception>
    public static Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return Task.Factory.StartNew(work, cancellationToken, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);
    }

    /// <inheritdoc cref="RunAsync{T}(Func{T}, CancellationToken)"/>
    /// <returns>Ends with the work.</returns>
    public static Task RunAsync(Action work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return Task.Factory.StartNew(work, cancellationToken, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);
    }
}
