namespace Seedance.Onnx.Server.Fuzz;

/// <summary>An answer as it came.</summary>
/// <param name="Status">Its status.</param>
/// <param name="Headers">Its headers, by their names in lower case.</param>
/// <param name="Body">Its body, chunks put together.</param>
/// <param name="Closes">Whether the server ends the connection with it.</param>
internal sealed record RawAnswer(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body, bool Closes);
