using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Seedance.Onnx.Server.Fuzz;

/// <summary>A connection that sends bytes as they are, which no client would, and reads one answer after the other.</summary>
internal sealed class RawConnection : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[16 << 10];
    private readonly List<byte> _read = [];
    private int _taken;

    public static async Task<RawConnection> OpenAsync(Uri server)
    {
        RawConnection connection = new();
        await connection._socket.ConnectAsync(server.Host, server.Port);
        return connection;
    }

    /// <summary>Sends a request and reads its answer.</summary>
    /// <param name="request">The bytes.</param>
    /// <param name="ends">Whether nothing follows: the connection is half closed then.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The answer; null where the server closed the connection instead.</returns>
    public async Task<RawAnswer?> AskAsync(ReadOnlyMemory<byte> request, bool ends, CancellationToken cancellationToken)
    {
        try
        {
            Task sending = SendAsync(request, ends, cancellationToken); // beside the reading: the server may answer and close before it has read all
            RawAnswer? answer = await ReadAnswerAsync(cancellationToken);
            if (answer is { Closes: false })
            {
                await sending;
            }

            return answer;
        }
        catch (Exception e) when (e is SocketException or EndOfStreamException)
        {
            return null;
        }
    }

    public void Dispose() => _socket.Dispose();

    private async Task SendAsync(ReadOnlyMemory<byte> request, bool ends, CancellationToken cancellationToken)
    {
        try
        {
            while (request.Length > 0)
            {
                request = request[await _socket.SendAsync(request, cancellationToken)..];
            }

            if (ends)
            {
                _socket.Shutdown(SocketShutdown.Send);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The server has heard enough.
        }
    }

    private async Task<RawAnswer?> ReadAnswerAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            string[] head = (await ReadLinesAsync(cancellationToken)).Split("\r\n");
            int status = int.Parse(head[0].AsSpan("HTTP/1.1 ".Length, 3), CultureInfo.InvariantCulture);
            if (status < 200)
            {
                continue;
            }

            Dictionary<string, string> headers = new(StringComparer.Ordinal);
            foreach (string[] pair in head[1..].Select(line => line.Split(':', 2)))
            {
                headers[pair[0].ToLowerInvariant()] = pair[1].Trim();
            }

            bool closes = headers.GetValueOrDefault("connection") == "close" || head[0].StartsWith("HTTP/1.0", StringComparison.Ordinal);
            return new RawAnswer(status, headers, await ReadBodyAsync(status, headers, cancellationToken), closes);
        }
    }

    private async Task<byte[]> ReadBodyAsync(int status, Dictionary<string, string> headers, CancellationToken cancellationToken)
    {
        if (status is 204 or 304)
        {
            return [];
        }

        if (headers.TryGetValue("content-length", out string? length))
        {
            return await ReadAsync(int.Parse(length, CultureInfo.InvariantCulture), cancellationToken);
        }

        List<byte> body = [];
        if (headers.GetValueOrDefault("transfer-encoding") == "chunked")
        {
            while (int.Parse(await ReadLineAsync(cancellationToken), NumberStyles.HexNumber, CultureInfo.InvariantCulture) is var size && size > 0)
            {
                body.AddRange(await ReadAsync(size, cancellationToken));
                _ = await ReadLineAsync(cancellationToken);
            }

            _ = await ReadLineAsync(cancellationToken);
            return [.. body];
        }

        while (await ReceiveAsync(cancellationToken))
        {
            // To the end of the connection.
        }

        return await ReadAsync(_read.Count - _taken, cancellationToken);
    }

    private async Task<string> ReadLinesAsync(CancellationToken cancellationToken)
    {
        StringBuilder lines = new();
        while (await ReadLineAsync(cancellationToken) is { Length: > 0 } line)
        {
            _ = lines.Append(lines.Length > 0 ? "\r\n" : "").Append(line);
        }

        return lines.ToString();
    }

    private async Task<string> ReadLineAsync(CancellationToken cancellationToken)
    {
        int end;
        while ((end = _read.IndexOf((byte)'\n', _taken)) < 0)
        {
            await RequireMoreAsync(cancellationToken);
        }

        string line = Encoding.Latin1.GetString(await ReadAsync(end + 1 - _taken, cancellationToken));
        return line.TrimEnd('\r', '\n');
    }

    private async Task<byte[]> ReadAsync(int count, CancellationToken cancellationToken)
    {
        while (_read.Count - _taken < count)
        {
            await RequireMoreAsync(cancellationToken);
        }

        byte[] bytes = [.. _read.GetRange(_taken, count)];
        _taken += count;
        if (_taken == _read.Count)
        {
            _read.Clear();
            _taken = 0;
        }

        return bytes;
    }

    private async Task RequireMoreAsync(CancellationToken cancellationToken)
    {
        if (!await ReceiveAsync(cancellationToken))
        {
            throw new EndOfStreamException();
        }
    }

    private async Task<bool> ReceiveAsync(CancellationToken cancellationToken)
    {
        int count = await _socket.ReceiveAsync(_buffer, cancellationToken);
        _read.AddRange(_buffer.AsSpan(0, count));
        return count > 0;
    }
}
