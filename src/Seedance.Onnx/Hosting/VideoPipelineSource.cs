using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Seedance.Onnx.Hosting;

/// <summary>The pipeline of a host: opened when somebody asks for the first time, and the same for everybody from then on. Safe for several threads.</summary>
/// <remarks>The container disposes it, and with it the pipeline.</remarks>
public sealed class VideoPipelineSource : IAsyncDisposable
{
    [SuppressMessage("Reliability", "CA2213", Justification = "Whoever waits for it must get it to find the source disposed; nothing here is native.")]
    private readonly SemaphoreSlim _gate = new(1, 1);

    private readonly IOptions<SeedanceOptions> _options;
    private readonly ILoggerFactory? _loggers;
    private VideoPipeline? _pipeline;
    private bool _disposed;

    internal VideoPipelineSource(IOptions<SeedanceOptions> options, ILoggerFactory? loggers)
    {
        _options = options;
        _loggers = loggers;
    }

    /// <summary>The pipeline. An opening that failed or was cancelled is tried again by whoever asks next.</summary>
    /// <param name="cancellationToken">Stops the waiting and the opening.</param>
    /// <returns>The pipeline; borrowed.</returns>
    /// <exception cref="OptionsValidationException">The options are wrong; every problem is listed.</exception>
    /// <exception cref="ModelPackException">The pack cannot be used.</exception>
    /// <exception cref="ExecutionTargetException">The target cannot be had here.</exception>
    /// <exception cref="ObjectDisposedException">The container was disposed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask<VideoPipeline> GetAsync(CancellationToken cancellationToken = default)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_pipeline is null)
            {
                SeedanceOptions options = _options.Value;
                options.Pipeline.LoggerFactory ??= _loggers;
                _pipeline = await VideoPipeline.OpenAsync(options.Pack, options.Pipeline, cancellationToken).ConfigureAwait(false);
            }

            return _pipeline;
        }
        finally
        {
            _ = _gate.Release();
        }
    }

    /// <summary>Disposes the pipeline, once videos that are under way have ended.</summary>
    /// <returns>When it is done.</returns>
    public async ValueTask DisposeAsync()
    {
        await _gate.WaitAsync().ConfigureAwait(false);
        _disposed = true;
        VideoPipeline? pipeline = _pipeline;
        _pipeline = null;
        _ = _gate.Release();
        if (pipeline is not null)
        {
            await pipeline.DisposeAsync().ConfigureAwait(false);
        }
    }
}
