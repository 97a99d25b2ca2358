using System.Threading.RateLimiting;
using Seedance.Onnx.Server.Http;

namespace Seedance.Onnx.Server.Security;

/// <summary>
/// Lets a few requests at once send large bodies: those of images take several times their size in memory. Whoever does not say how much comes has said so once much has come. Refuses
/// what is larger than the server takes: Kestrel's own refusal hangs up on a client that still sends, which then hears a broken connection and no answer.
/// </summary>
internal sealed class LargeBodies(ServerOptions options) : IDisposable
{
    private const int LargeBytes = 1 << 20;
    private const int MostAtOnce = 4;
    private const int MostWaiting = 256;
    private static readonly TimeSpan WhenFull = TimeSpan.FromSeconds(1);

    private readonly long _most = (long)options.MaxBodyMib << 20;
    private readonly ConcurrencyLimiter _limiter = new(new ConcurrencyLimiterOptions { PermitLimit = MostAtOnce, QueueLimit = MostWaiting });

    /// <summary>Watches the body of a request that may have one.</summary>
    public void Watch(HttpContext context)
    {
        if (!HttpMethods.IsGet(context.Request.Method))
        {
            context.Request.Body = new Body(context.Request.Body, context, this, context.Request.ContentLength > LargeBytes ? 0 : LargeBytes);
        }
    }

    public void Dispose() => _limiter.Dispose();

    /// <summary>Waits until few enough large bodies are on their way; the place is free again when the request has ended.</summary>
    private async Task EnterAsync(HttpContext context, CancellationToken cancellationToken)
    {
        RateLimitLease lease = await _limiter.AcquireAsync(1, cancellationToken).ConfigureAwait(false);
        context.Response.RegisterForDispose(lease);
        if (!lease.IsAcquired)
        {
            throw new RequestProblemException(ProblemKind.RateLimited, $"At most {MostAtOnce + MostWaiting} large bodies may be on their way at once, but more are. Ask again later.", retryAfter: WhenFull);
        }
    }

    /// <summary>The body, which goes on beyond so many bytes only when it is its turn.</summary>
    private sealed class Body(Stream inner, HttpContext context, LargeBodies bodies, int small) : Stream
    {
        private long _read;
        private bool _entered;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            RequireAtMost(context.Request.ContentLength ?? 0);
            if (_read >= small && !_entered)
            {
                await bodies.EnterAsync(context, cancellationToken).ConfigureAwait(false);
                _entered = true;
            }

            int read = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            RequireAtMost(_read += read);
            return read;
        }

        private void RequireAtMost(long bytes)
        {
            if (bytes > bodies._most)
            {
                throw new RequestProblemException(ProblemKind.TooLarge, "The body must be smaller, but is larger than this server takes. Send a smaller image.");
            }
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Flush()
        {
        }
    }
}
