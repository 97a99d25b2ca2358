using System.Collections;
using Seedance.Onnx.Graphs.Schema;
using Seedance.Onnx.Rows;

namespace Seedance.Onnx.Graphs;

/// <summary>The versions of the operator sets that a model or a function uses, by domain.</summary>
public sealed class OpsetImports : IReadOnlyCollection<KeyValuePair<string, long>>
{
    /// <summary>ONNX's own domain.</summary>
    public const string Onnx = "";

    /// <summary>The domain of ONNX Runtime's own operators.</summary>
    public const string Microsoft = "com.microsoft";

    /// <summary>The newest version of ONNX's own operators that is known here.</summary>
    public const long NewestKnown = 26;

    private readonly OrderedDictionary<string, long> _versions = new(StringComparer.Ordinal);

    // A file may leave out a domain that is empty: what was read is written back the same way.
    private readonly Dictionary<string, OperatorSetIdProto> _messages = new(StringComparer.Ordinal);

    /// <summary>How many domains there are.</summary>
    public int Count => _versions.Count;

    /// <summary>The version of ONNX's own operators; 0 when they are not used.</summary>
    public long Version => Find(Onnx) ?? 0;

    /// <summary>The version of a domain.</summary>
    /// <param name="domain">The domain; "" and "ai.onnx" are the same.</param>
    /// <returns>The version; null when the domain is not used.</returns>
    public long? Find(string domain) => _versions.TryGetValue(domain, out long version) || (Other(domain) is { } other && _versions.TryGetValue(other, out version)) ? version : null;

    /// <summary>Uses a domain at a version.</summary>
    /// <param name="domain">The domain; "" and "ai.onnx" are the same.</param>
    /// <param name="version">The version.</param>
    public void Set(string domain, long version) => _versions[Other(domain) is { } other && _versions.ContainsKey(other) ? other : domain] = version;

    /// <summary>Uses a domain, at version 1 if it is not used yet.</summary>
    /// <param name="domain">The domain.</param>
    public void Require(string domain)
    {
        if (Find(domain) is null)
        {
            Set(domain, 1);
        }
    }

    /// <summary>A domain under the name that all code here uses.</summary>
    /// <param name="domain">The domain as a file has it.</param>
    /// <returns>Empty for "ai.onnx", otherwise the same.</returns>
    public static string Normalize(string domain) => domain == "ai.onnx" ? Onnx : domain;

    /// <summary>Whether the operators of a domain are those of ONNX, of ONNX Runtime, of its extensions or of this project.</summary>
    /// <param name="domain">The domain.</param>
    /// <returns>False for domains of others.</returns>
    public static bool IsKnown(string domain) => domain is Onnx or "ai.onnx" or "ai.onnx.ml" or "ai.onnx.training" or "ai.onnx.preview.training" or Microsoft
        or "com.microsoft.nchwc" or "com.microsoft.experimental" or "com.ms.internal.nhwc" or "ai.onnx.contrib" or "com.microsoft.extensions" or RowProgram.Domain;

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, long>> GetEnumerator() => _versions.GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal OpsetImports Copy()
    {
        OpsetImports copy = new();
        copy.CopyFrom(this);
        return copy;
    }

    internal void CopyFrom(OpsetImports other)
    {
        foreach (OperatorSetIdProto message in other.ToMessages())
        {
            Read(message);
        }
    }

    internal void Read(OperatorSetIdProto message)
    {
        Set(message.Domain, message.Version);
        _messages[message.Domain] = message;
    }

    internal IEnumerable<OperatorSetIdProto> ToMessages() => _versions.Select(entry =>
        _messages.TryGetValue(entry.Key, out OperatorSetIdProto? message) && message.Version == entry.Value ? message : new OperatorSetIdProto { Domain = entry.Key, Version = entry.Value });

    private static string? Other(string domain) => domain switch { "" => "ai.onnx", "ai.onnx" => "", _ => null };
}
