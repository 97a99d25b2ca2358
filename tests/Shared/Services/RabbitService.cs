using RabbitMQ.Client;

namespace Seedance.Onnx.Testing.Services;

/// <summary>Debian's RabbitMQ, for one test or a few: a node of its own with its own files, ports and name server, on the loopback address alone.</summary>
internal sealed class RabbitService : LocalService
{
    // Not the one of the PATH, which insists on the user and the files of the machine's own node.
    private const string Program = "/usr/lib/rabbitmq/bin/rabbitmq-server";
    private readonly int _names = FreePort();
    private readonly int _others = FreePort();

    /// <summary>Writes its settings. The test is skipped where there is no RabbitMQ.</summary>
    public RabbitService()
    {
        Skip.IfNot(File.Exists(Program), $"RabbitMQ must be at {Program}, but is not. Run: sudo apt-get install --no-install-recommends rabbitmq-server");
        File.WriteAllText(InFolder("plugins"), "[].");
        File.WriteAllText(InFolder("rabbitmq.conf"), "log.file = false\nlog.console = true\nlog.console.level = error\ndisk_free_limit.absolute = 1MB\n");
    }

    /// <summary>Where it is.</summary>
    public string Url => $"amqp://guest:guest@127.0.0.1:{Port}";

    protected override void Launch()
    {
        (string Name, string Value)[] variables =
        [
            ("HOME", Folder), ("ERL_EPMD_PORT", $"{_names}"), ("ERL_EPMD_ADDRESS", "127.0.0.1"),
            ("RABBITMQ_NODENAME", "seedance@localhost"), ("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1"), ("RABBITMQ_NODE_PORT", $"{Port}"), ("RABBITMQ_DIST_PORT", $"{_others}"),
            ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1}"),
            ("RABBITMQ_MNESIA_BASE", InFolder("data")), ("RABBITMQ_LOG_BASE", InFolder("log")), ("RABBITMQ_CONFIG_FILE", InFolder("rabbitmq")),
            ("RABBITMQ_CONF_ENV_FILE", InFolder("none")), ("RABBITMQ_ENABLED_PLUGINS_FILE", InFolder("plugins")), ("RABBITMQ_PID_FILE", InFolder("pid")),
        ];

        // Its name server would otherwise be started by it, and stay.
        Begin("epmd", [], variables);
        Begin(Program, [], variables);
    }

    protected override async Task AskAsync(CancellationToken cancellationToken)
    {
        ConnectionFactory factory = new() { Uri = new Uri(Url), AutomaticRecoveryEnabled = false, RequestedConnectionTimeout = TimeSpan.FromSeconds(2) };
        await using IConnection connection = await factory.CreateConnectionAsync(cancellationToken);
    }

    private string InFolder(string name) => Path.Combine(Folder, name);
}
