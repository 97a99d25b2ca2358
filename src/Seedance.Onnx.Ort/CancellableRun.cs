using System.Globalization;
using Microsoft.ML.OnnxRuntime;

namespace Seedance.Onnx.Ort;

/// <summary>Runs a graph so that a token can stop it between two of its nodes. One run at a time.</summary>
internal sealed class CancellableRun : IDisposable
{
    /// <summary>The number of a run that is not recorded although its session records.</summary>
    public const int NotRecorded = -1;

    private readonly RunOptions _options = new() { LogSeverityLevel = RuntimeEnvironment.LogLevel };

    /// <param name="recording">The number of the CUDA graph that the runs record and replay, or <see cref="NotRecorded"/>; null where the session records none.</param>
    /// <param name="arenas">The allocators that give back what they do not hold when a run ends, "cpu:0;gpu:0"; null for none.</param>
    public CancellableRun(int? recording, string? arenas)
    {
        if (arenas is not null)
        {
            _options.AddRunConfigEntry("memory.enable_memory_arena_shrinkage", arenas);
        }

        if (recording is { } number)
        {
            _options.AddRunConfigEntry("gpu_graph_id", number.ToString(CultureInfo.InvariantCulture));
        }
    }

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
