using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Seedance.Onnx.Server.Http;

namespace Seedance.Onnx.Server.Security;

/// <summary>The keys of a server, in a file of its data folder. A change of the file counts at once. Safe for several threads.</summary>
internal sealed class ApiKeys(string path)
{
    private const string Prefix = "sk-seedance-";
    private static readonly JsonSerializerOptions Json = new(Envelope.Json) { WriteIndented = true };

    private volatile Keys _keys = new(default, []);

    /// <summary>All keys; none where clients need none.</summary>
    /// <exception cref="HostSettingsException">The file is there and cannot be read.</exception>
    public IReadOnlyList<ApiKey> All => Read().All;

    /// <summary>Makes a key and keeps its hash.</summary>
    /// <param name="name">Whose it is.</param>
    /// <returns>The key. Nobody can read it again.</returns>
    /// <exception cref="HostSettingsException">There is one of this name.</exception>
    public string Add(string name)
    {
        List<ApiKey> all = [.. All];
        if (all.Exists(key => key.Name == name))
        {
            throw new HostSettingsException(path, [$"a key must have a name of its own, but there is one called '{name}'. Take another name, or remove that key from the file."]);
        }

        string made = Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).Replace('+', '-').Replace('/', '_').TrimEnd('=');
        all.Add(new ApiKey(name, Convert.ToHexStringLower(HashOf(made))));
        string partial = path + ".partial";
        _ = Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(partial, JsonSerializer.Serialize(all, Json));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(partial, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        File.Move(partial, path, overwrite: true);
        return made;
    }

    /// <summary>The key that a client shows; null where it is none of ours. It is compared with all of them, each in the same time.</summary>
    public ApiKey? Find(string shown)
    {
        byte[] hash = HashOf(shown);
        ApiKey? found = null;
        foreach (ApiKey key in All)
        {
            found = CryptographicOperations.FixedTimeEquals(hash, Convert.FromHexString(key.Sha256)) ? key : found;
        }

        return found;
    }

    private static byte[] HashOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    private Keys Read()
    {
        DateTime written = File.GetLastWriteTimeUtc(path); // the year 1601 where there is none
        if (_keys.Written == written)
        {
            return _keys;
        }

        return _keys = new Keys(written, File.Exists(path) ? Parse() : []);
    }

    private ApiKey[] Parse()
    {
        try
        {
            ApiKey[] keys = JsonSerializer.Deserialize<ApiKey[]>(File.ReadAllBytes(path), Json) ?? [];
            return Array.TrueForAll(keys, key => key is { Name.Length: > 0, Sha256: { Length: 64 } sum } && sum.All(char.IsAsciiHexDigit))
                ? keys
                : throw new HostSettingsException(path, ["each key must have a name and the sha256 of a key in hexadecimal, but one has not. Make keys with seedance serve --new-key NAME."]);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new HostSettingsException(path, [$"the file must be a JSON list of keys, but is not: {e.Message}"], e);
        }
    }

    private sealed record Keys(DateTime Written, IReadOnlyList<ApiKey> All);
}
