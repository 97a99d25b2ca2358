using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Server.Http;

/// <summary>Which models this server answers to.</summary>
internal static class ModelNames
{
    /// <summary>Notes a problem where the name is none of ours.</summary>
    public static void Check(RequestFields fields, string parameter, string name, PackContract contract, ServerOptions options)
    {
        if (options.Models is { Length: > 0 } models && name != contract.Name && !models.Split(';', StringSplitOptions.TrimEntries).Contains(name))
        {
            fields.Refuse(parameter, $"must be one of {contract.Name}, {models.Replace(";", ", ")}, but is '{name}'.", ProblemKind.ModelNotFound);
        }
    }
}
