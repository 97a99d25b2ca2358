namespace Seedance.Onnx.Server;

/// <summary>Marks settings that count for workers too, which should get them as their servers do.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class OfWorkersAttribute : Attribute;
