using System.Globalization;
using System.Net.Sockets;
using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Seedance.Onnx.Server.Jobs;

/// <summary>
/// RabbitMQ: one durable quorum queue for each priority, because these queues know none themselves, with one short message for each job that waits: its id. A message is a hint to look
/// at that job and no more, so that one too many changes nothing. What was handed out <see cref="MostDeliveries"/> times and never taken goes to a queue of dead letters.
/// </summary>
/// <param name="options">Where the broker is.</param>
/// <param name="signal">Raised when a job came; null where nobody waits for jobs.</param>
/// <param name="logger">Told when the broker is lost and found.</param>
/// <remarks>Safe for several threads. It connects when it is asked for something and has no connection, and makes then what is not there; its methods throw <see cref="BrokerException"/>.</remarks>
internal sealed class JobBroker(ServerOptions options, JobSignal? signal, ILogger<JobBroker> logger) : IAsyncDisposable
{
    /// <summary>Where jobs are published, by priority.</summary>
    public const string Exchange = "seedance.jobs";

    /// <summary>Where messages end that nobody could take.</summary>
    public const string DeadLetters = "seedance.dead";

    /// <summary>How often a message is handed out at most.</summary>
    public const int MostDeliveries = 20;

    private const string AnyPriority = "#";
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(10);
    private static readonly CreateChannelOptions Confirmed = new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private IConnection? _connection;
    private IChannel? _channel;
    private bool _lost;

    /// <summary>The queue of a priority.</summary>
    public static string QueueOf(int priority) => string.Create(CultureInfo.InvariantCulture, $"{Exchange}.{priority}");

    /// <summary>Publishes jobs.</summary>
    /// <returns>When the broker has them all on disk.</returns>
    public Task PublishAsync(IReadOnlyList<VideoJob> jobs, CancellationToken cancellationToken) => UseAsync(async channel =>
    {
        BasicProperties kept = new() { Persistent = true, ContentType = "text/plain" };
        ValueTask[] confirmed = [.. jobs.Select(job => channel.BasicPublishAsync(
            Exchange, job.Priority.ToString(CultureInfo.InvariantCulture), mandatory: true, kept, Encoding.ASCII.GetBytes(job.Id), cancellationToken))];
        foreach (ValueTask one in confirmed)
        {
            await one.ConfigureAwait(false);
        }

        return jobs.Count;
    }, cancellationToken);

    /// <summary>Takes the next message, of the highest priority that has any.</summary>
    /// <returns>The message, which is handed out again unless it is acknowledged; null where there is none.</returns>
    public Task<JobDelivery?> GetAsync(CancellationToken cancellationToken) => UseAsync(async channel =>
    {
        for (int priority = VideoJob.HighestPriority; priority >= 0; priority--)
        {
            if (await channel.BasicGetAsync(QueueOf(priority), autoAck: false, cancellationToken).ConfigureAwait(false) is { } got)
            {
                return new JobDelivery(Encoding.ASCII.GetString(got.Body.Span), channel, got.DeliveryTag);
            }
        }

        return null;
    }, cancellationToken);

    /// <summary>Tells that a message did what it was for. One whose connection is gone is handed out again, which does no harm.</summary>
    public Task AcknowledgeAsync(JobDelivery delivery, CancellationToken cancellationToken) => UseAsync(async channel =>
    {
        if (channel == delivery.Channel)
        {
            await channel.BasicAckAsync(delivery.Tag, multiple: false, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }, cancellationToken);

    /// <summary>How many messages of a priority wait.</summary>
    public Task<int> CountAsync(int priority, CancellationToken cancellationToken) => UseAsync(
        async channel => (int)await channel.MessageCountAsync(QueueOf(priority), cancellationToken).ConfigureAwait(false), cancellationToken);

    /// <summary>Looks whether the broker can be reached.</summary>
    /// <param name="url">Where it is.</param>
    /// <param name="timeout">How long it may take.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>Its host and port.</returns>
    /// <exception cref="BrokerException">It cannot.</exception>
    public static async Task<string> ExamineAsync(string url, TimeSpan timeout, CancellationToken cancellationToken)
    {
        ConnectionFactory factory = FactoryOf(url);
        factory.RequestedConnectionTimeout = timeout;
        try
        {
            IConnection connection = await factory.CreateConnectionAsync(cancellationToken).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                return connection.Endpoint.ToString();
            }
        }
        catch (Exception error) when (IsOfBroker(error, cancellationToken))
        {
            throw Lost(error);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await DropAsync().ConfigureAwait(false);
        _gate.Dispose();
    }

    private static ConnectionFactory FactoryOf(string url) => new() { Uri = new Uri(url), AutomaticRecoveryEnabled = false, RequestedHeartbeat = Heartbeat, ClientProvidedName = "seedance" };

    private static BrokerException Lost(Exception error) => new($"The broker must be reached, but is not: {error.Message}{(error.InnerException is { } inner ? $" {inner.Message}" : "")}", error);

    private static bool IsOfBroker(Exception error, CancellationToken cancellationToken) =>
        error is RabbitMQClientException or IOException or SocketException or TimeoutException or ObjectDisposedException || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    private async Task<T> UseAsync<T>(Func<IChannel, Task<T>> use, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_channel is not { IsOpen: true })
            {
                await DropAsync().ConfigureAwait(false);
                _channel = await ConnectAsync(cancellationToken).ConfigureAwait(false);
            }

            T used = await use(_channel).ConfigureAwait(false);
            if (_lost)
            {
                _lost = false;
                ServerLog.BrokerFound(logger);
            }

            return used;
        }
        catch (Exception error) when (IsOfBroker(error, cancellationToken))
        {
            await DropAsync().ConfigureAwait(false);
            BrokerException lost = Lost(error);
            if (!_lost)
            {
                _lost = true;
                ServerLog.BrokerLost(logger, lost.Message);
            }

            throw lost;
        }
        finally
        {
            _ = _gate.Release();
        }
    }

    private async Task<IChannel> ConnectAsync(CancellationToken cancellationToken)
    {
        _connection = await FactoryOf(options.Broker!).CreateConnectionAsync(cancellationToken).ConfigureAwait(false);
        IChannel channel = await _connection.CreateChannelAsync(Confirmed, cancellationToken).ConfigureAwait(false);
        Dictionary<string, object?> quorum = new() { ["x-queue-type"] = "quorum" };
        await channel.ExchangeDeclareAsync(DeadLetters, ExchangeType.Fanout, durable: true, cancellationToken: cancellationToken).ConfigureAwait(false);
        _ = await channel.QueueDeclareAsync(DeadLetters, durable: true, exclusive: false, autoDelete: false, quorum, cancellationToken: cancellationToken).ConfigureAwait(false);
        await channel.QueueBindAsync(DeadLetters, DeadLetters, routingKey: "", cancellationToken: cancellationToken).ConfigureAwait(false);
        await channel.ExchangeDeclareAsync(Exchange, ExchangeType.Topic, durable: true, cancellationToken: cancellationToken).ConfigureAwait(false);
        Dictionary<string, object?> limited = new(quorum) { ["x-delivery-limit"] = MostDeliveries, ["x-dead-letter-exchange"] = DeadLetters };
        for (int priority = 0; priority <= VideoJob.HighestPriority; priority++)
        {
            _ = await channel.QueueDeclareAsync(QueueOf(priority), durable: true, exclusive: false, autoDelete: false, limited, cancellationToken: cancellationToken).ConfigureAwait(false);
            await channel.QueueBindAsync(QueueOf(priority), Exchange, priority.ToString(CultureInfo.InvariantCulture), cancellationToken: cancellationToken).ConfigureAwait(false);
        }

        if (signal is not null)
        {
            await ListenAsync(channel, signal, cancellationToken).ConfigureAwait(false);
        }

        return channel;
    }

    /// <summary>Hears of every job that is published, in a queue of its own that holds one message at most: what came is looked up in the order of priorities, not in that of arrival.</summary>
    private static async Task ListenAsync(IChannel channel, JobSignal signal, CancellationToken cancellationToken)
    {
        Dictionary<string, object?> small = new() { ["x-max-length"] = 1 };
        string own = (await channel.QueueDeclareAsync(queue: "", durable: false, exclusive: true, autoDelete: true, small, cancellationToken: cancellationToken).ConfigureAwait(false)).QueueName;
        await channel.QueueBindAsync(own, Exchange, AnyPriority, cancellationToken: cancellationToken).ConfigureAwait(false);
        AsyncEventingBasicConsumer listener = new(channel);
        listener.ReceivedAsync += (_, _) =>
        {
            signal.Raise();
            return Task.CompletedTask;
        };
        _ = await channel.BasicConsumeAsync(own, autoAck: true, listener, cancellationToken).ConfigureAwait(false);
    }

    private async Task DropAsync()
    {
        (IChannel? channel, IConnection? connection, _channel, _connection) = (_channel, _connection, null, null);
        try
        {
            channel?.Dispose();
            if (connection is not null)
            {
                await connection.DisposeAsync().ConfigureAwait(false);
            }
        }
        catch (Exception error) when (IsOfBroker(error, CancellationToken.None) || error is OperationCanceledException)
        {
            // It is gone already, which is why it is dropped.
        }
    }
}
