using System.Text.Json;

namespace Seedance.Onnx.Costs;

/// <summary>What this machine does in a second, by what computes what: floating-point operations of each stage, as the last video showed. Kept in a file, which may be removed at any time.</summary>
/// <param name="folder">The folder that it is kept in.</param>
internal sealed class StageRates(string folder)
{
    /// <summary>Who comes next pushes the first out.</summary>
    private const int Most = 64;

    private readonly string _path = Path.Combine(folder, "rates.json");
    private readonly Lock _gate = new();

    /// <summary>The rates that are known of something that computes.</summary>
    /// <param name="key">What computes what.</param>
    /// <returns>Operations a second by stage; null where nothing is known.</returns>
    public IReadOnlyDictionary<GenerationStage, double>? Find(string key)
    {
        lock (_gate)
        {
            return Read().GetValueOrDefault(key);
        }
    }

    /// <summary>Keeps rates, if it can be written; without them plans say no time, and nothing else is lost.</summary>
    /// <param name="key">What computes what.</param>
    /// <param name="rates">Operations a second by stage; what is known of other stages stays.</param>
    public void Keep(string key, IReadOnlyDictionary<GenerationStage, double> rates)
    {
        lock (_gate)
        {
            Dictionary<string, Dictionary<GenerationStage, double>> all = Read();
            Dictionary<GenerationStage, double> known = all.Remove(key, out Dictionary<GenerationStage, double>? before) ? before : [];
            foreach ((GenerationStage stage, double rate) in rates)
            {
                known[stage] = rate;
            }

            string partial = $"{_path}.{Guid.NewGuid():N}.partial";
            try
            {
                _ = Directory.CreateDirectory(folder);
                File.WriteAllText(partial, JsonSerializer.Serialize(all.TakeLast(Most - 1).Append(KeyValuePair.Create(key, known)).ToDictionary(StringComparer.Ordinal)));
                File.Move(partial, _path, overwrite: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // In a folder that cannot be there, deleting fails too.
                if (File.Exists(partial))
                {
                    File.Delete(partial);
                }
            }
        }
    }

    /// <summary>A file that is not there, or is not ours, says nothing.</summary>
    private Dictionary<string, Dictionary<GenerationStage, double>> Read()
    {
        try
        {
            return JsonSerializer.Deserialize<Dictionary<string, Dictionary<GenerationStage, double>>>(File.ReadAllText(_path)) ?? [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return [];
        }
    }
}
