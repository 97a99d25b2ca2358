using Microsoft.ML.OnnxRuntime;

namespace Seedance.Onnx.Ort;

/// <summary>Runs a graph so that a token can stop it between two of its nodes. One run at a time.</summary>
internal sealed class CancellableRun : IDisposable
{
    private readonly RunOptions _options = new() { LogSeverityLevel = RuntimeEnvironment.LogLevel };

    /// <summary>Calls <paramref name="run"/>. Allocates nothing once it ran, as long as <paramref name="run"/> is a cached delegate.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> stopped the run.</exception>
    /// <exception cref="GraphExecutionException">The graph failed.</exception>
    public TResult Run<TState, TResult>(string role, Func<TState, RunOptions, TResult> run, TState state, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        CancellationTokenRegistration stop = cancellationToken.UnsafeRegister(static options => ((RunOptions)options!).Terminate = true, _options);
        try
        {
            return run(state, _options);
        }
        catch (OnnxRuntimeException error) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException($"The run of graph '{role}' was cancelled.", error, cancellationToken);
        }
        catch (OnnxRuntimeException error)
        {
            throw new GraphExecutionException(role, error);
        }
        finally
        {
            // Waits for a callback that is just running, so that it cannot stop the next run.
            stop.Dispose();
            _options.Terminate = false;
        }
    }

    public void Dispose() => _options.Dispose();
}
