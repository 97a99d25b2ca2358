using Npgsql;

namespace Seedance.Onnx.Testing.Services;

/// <summary>Debian's PostgreSQL, for one test or a few: its own cluster of databases, as the user postgres where the test runs as root, because PostgreSQL refuses root.</summary>
internal sealed class PostgresService : LocalService
{
    private const string Versions = "/usr/lib/postgresql";
    private const string User = "postgres";
    private readonly string _programs;

    /// <summary>Makes the files. The test is skipped where there is no PostgreSQL.</summary>
    public PostgresService()
    {
        _programs = FindPrograms() ?? throw new SkipException($"PostgreSQL must be in {Versions}, but is not. Run: sudo apt-get install --no-install-recommends postgresql");
        if (Environment.IsPrivilegedProcess)
        {
            Run("chown", User, Folder);
        }

        (string program, string[] arguments) = AsUser("initdb", "-D", Data, "-U", User, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync");
        Run(program, arguments);
    }

    private string Data => Path.Combine(Folder, "data");

    /// <summary>Makes a database.</summary>
    /// <returns>How to connect to it.</returns>
    public async Task<string> CreateDatabaseAsync()
    {
        string name = $"seedance_{Guid.NewGuid():N}";
        await using NpgsqlConnection connection = new(ConnectionTo("postgres"));
        await connection.OpenAsync();
        await using NpgsqlCommand create = new($"CREATE DATABASE {name}", connection);
        _ = await create.ExecuteNonQueryAsync();
        return ConnectionTo(name);
    }

    protected override void Launch()
    {
        (string program, string[] arguments) = AsUser(
            "postgres", "-D", Data, "-c", "listen_addresses=127.0.0.1", "-c", $"port={Port}", "-c", "unix_socket_directories=", "-c", "shared_buffers=16MB");
        Begin(program, arguments);
    }

    protected override async Task AskAsync(CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = new($"{ConnectionTo("postgres")};Pooling=false");
        await connection.OpenAsync(cancellationToken);
    }

    private static string? FindPrograms() => !Directory.Exists(Versions) ? null : Directory.EnumerateDirectories(Versions)
        .Select(version => Path.Combine(version, "bin")).Where(programs => File.Exists(Path.Combine(programs, "initdb"))).Order(StringComparer.Ordinal).LastOrDefault();

    private string ConnectionTo(string database) => $"Host=127.0.0.1;Port={Port};Username={User};Database={database};Timeout=5;Maximum Pool Size=15";

    /// <summary>A command of this version, which takes the place of the one that changes the user, so that a signal finds it.</summary>
    private (string Program, string[] Arguments) AsUser(string program, params string[] arguments) => Environment.IsPrivilegedProcess
        ? ("setpriv", [$"--reuid={User}", $"--regid={User}", "--clear-groups", Path.Combine(_programs, program), .. arguments])
        : (Path.Combine(_programs, program), arguments);
}
