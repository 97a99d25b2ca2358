using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Seedance.Onnx.Server;

/// <summary>What a server logs, from the moment that it is listened to.</summary>
internal sealed class RecordedLog : ILoggerProvider
{
    private readonly ConcurrentQueue<(string Text, Exception? Error)> _entries = new();

    /// <summary>Begins to listen; the server disposes it.</summary>
    public static RecordedLog Of(RunningServer server)
    {
        RecordedLog log = new();
        server.Services.GetRequiredService<ILoggerFactory>().AddProvider(log);
        return log;
    }

    /// <summary>The entries that name something.</summary>
    public IEnumerable<(string Text, Exception? Error)> Naming(string what) => _entries.Where(entry => entry.Text.Contains(what, StringComparison.Ordinal));

    public ILogger CreateLogger(string categoryName) => new Logger(this);

    public void Dispose()
    {
    }

    private sealed class Logger(RecordedLog log) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => log._entries.Enqueue((formatter(state, exception), exception));
    }
}
